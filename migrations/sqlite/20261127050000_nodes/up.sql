-- The processes that share this database, each under an id of its own for as long as it runs. `lease_until` and the times are
-- those of the database's clock; whoever notices that a lease has run out sets `gone_at`. `gateways` are the ways out that the
-- node keeps binds of, one a line: none once it stops.
CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    roles TEXT NOT NULL,
    version TEXT NOT NULL,
    gateways TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    lease_until TIMESTAMP NOT NULL,
    gone_at TIMESTAMP
);

-- The binds of each gateway in the whole cluster, numbered from 0: a node connects those that it has leased.
CREATE TABLE gateway_binds (
    gateway TEXT NOT NULL,
    number INTEGER NOT NULL,
    owner TEXT,
    lease_until TIMESTAMP,
    PRIMARY KEY (gateway, number)
);

-- Who holds what: few units are leased at a time.
CREATE INDEX send_units_owner ON send_units (owner) WHERE owner IS NOT NULL;
