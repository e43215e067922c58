-- Where clients are told what becomes of their messages. A deleted one stays until its deliveries are cleared away.
CREATE TABLE web_hooks (
    id INTEGER NOT NULL PRIMARY KEY,
    public_id TEXT NOT NULL,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    url TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    secret BLOB NOT NULL,
    former_secret BLOB,
    former_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);
CREATE UNIQUE INDEX web_hooks_public_id ON web_hooks (public_id);
CREATE INDEX web_hooks_client ON web_hooks (client_id, id);

-- The outbox, and what became of it: one row for each change of a message's status and each web hook of its client, written
-- in the transaction that changes the message. State: 0 waiting, 1 delivered, 2 failed. Without a foreign key: a web hook
-- that is deleted at the same moment must not undo the change.
CREATE TABLE web_hook_deliveries (
    id INTEGER NOT NULL PRIMARY KEY,
    web_hook_id BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    attempt SMALLINT NOT NULL,
    message_status SMALLINT NOT NULL,
    parts SMALLINT NOT NULL,
    price BIGINT,
    sent_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    state SMALLINT NOT NULL,
    attempts SMALLINT NOT NULL,
    next_at TIMESTAMP NOT NULL,
    owner TEXT,
    lease_until TIMESTAMP,
    tried_at TIMESTAMP,
    response_status SMALLINT,
    error TEXT
);
CREATE INDEX web_hook_deliveries_waiting ON web_hook_deliveries (web_hook_id, next_at, id) WHERE state = 0;
CREATE INDEX web_hook_deliveries_log ON web_hook_deliveries (web_hook_id, id);
CREATE INDEX web_hook_deliveries_age ON web_hook_deliveries (changed_at);
