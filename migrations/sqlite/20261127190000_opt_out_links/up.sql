-- The pages behind {OptOut}. One that is deleted stays behind the messages that were sent with it.
CREATE TABLE opt_out_links (
    id INTEGER NOT NULL PRIMARY KEY,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    name TEXT NOT NULL,
    title TEXT,
    text TEXT,
    language TEXT NOT NULL,
    scope TEXT NOT NULL,
    colour TEXT,
    logo_text TEXT,
    created_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);
CREATE INDEX opt_out_links_client ON opt_out_links (client_id, id);
