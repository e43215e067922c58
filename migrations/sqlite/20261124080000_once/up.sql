-- Requests that must have their effect once. Without a status, the request is under way in the hands of its owner.
CREATE TABLE idempotency_keys (
    client_id BIGINT NOT NULL REFERENCES clients (id),
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    lease_until TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    scope TEXT,
    fingerprint BLOB,
    status SMALLINT,
    headers TEXT,
    body TEXT,
    PRIMARY KEY (client_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
