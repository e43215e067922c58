-- What the codes in links are made from: the newest makes them, the one before it is still read. All nodes share them.
CREATE TABLE link_secrets (
    version BIGINT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL
);
