-- Who wants no more messages: one row for each number and scope. `number` is E.164, or, of somebody who was erased, a keyed
-- hash of it behind `#`. `scope_value` is the contact group or the sender id, empty where everything is meant.
CREATE TABLE opt_outs (
    id INTEGER NOT NULL PRIMARY KEY,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    number TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_value TEXT NOT NULL,
    source TEXT NOT NULL,
    probable BOOLEAN NOT NULL,
    evidence TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX opt_outs_number ON opt_outs (client_id, number, scope, scope_value);
CREATE INDEX opt_outs_client ON opt_outs (client_id, id);

-- Every opt-out and opt-in that there ever was. Rows are only added.
CREATE TABLE consents (
    id INTEGER NOT NULL PRIMARY KEY,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    number TEXT NOT NULL,
    consent TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_value TEXT NOT NULL,
    source TEXT NOT NULL,
    probable BOOLEAN NOT NULL,
    evidence TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX consents_client ON consents (client_id, id);
CREATE INDEX consents_number ON consents (client_id, number, id);
