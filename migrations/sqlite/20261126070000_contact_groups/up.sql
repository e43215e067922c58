-- Contacts that a client keeps in groups, one person once per group by number. `last_seq` is the highest number that a contact
-- of the group has had; those of removed contacts are not given again, since ids carry them.
CREATE TABLE contact_groups (
    id INTEGER NOT NULL PRIMARY KEY,
    public_id TEXT NOT NULL,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    name TEXT NOT NULL,
    contact_count BIGINT NOT NULL,
    last_seq INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX contact_groups_public_id ON contact_groups (public_id);
CREATE INDEX contact_groups_client ON contact_groups (client_id, id);

-- Without a foreign key, which would be checked for each of a million contacts: whoever adds some holds the group's row.
CREATE TABLE group_contacts (
    group_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    phone TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT,
    custom1 TEXT,
    custom2 TEXT,
    PRIMARY KEY (group_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX group_contacts_phone ON group_contacts (group_id, phone);
