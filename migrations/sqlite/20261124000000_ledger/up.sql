-- The ledger. Times are UTC and bound by the program; the database reads no clock.

CREATE TABLE clients (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE api_keys (
    id INTEGER NOT NULL PRIMARY KEY,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,
    revoked_at TIMESTAMP
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_client ON api_keys (client_id);

-- Status -1: loading, seen by nobody.
CREATE TABLE campaigns (
    id INTEGER NOT NULL PRIMARY KEY,
    public_id TEXT NOT NULL,
    client_id BIGINT NOT NULL REFERENCES clients (id),
    kind SMALLINT NOT NULL,
    status SMALLINT NOT NULL,
    start_at TIMESTAMP NOT NULL,
    sender_kind SMALLINT NOT NULL,
    sender TEXT NOT NULL,
    message TEXT NOT NULL,
    recipient_count BIGINT NOT NULL,
    invalid_count BIGINT NOT NULL,
    duplicate_count BIGINT NOT NULL,
    opt_out_link_id INTEGER,
    track_link_url TEXT,
    paused_reason TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);
CREATE UNIQUE INDEX campaigns_public_id ON campaigns (public_id);
CREATE INDEX campaigns_client ON campaigns (client_id, kind, start_at DESC, id DESC);
-- One small index for each question that the engine asks all the time.
CREATE INDEX campaigns_loading ON campaigns (updated_at) WHERE status = -1;
CREATE INDEX campaigns_pending ON campaigns (start_at) WHERE status = 0 AND deleted_at IS NULL;
CREATE INDEX campaigns_sending ON campaigns (id) WHERE status = 1 AND deleted_at IS NULL;
CREATE INDEX campaigns_submitted ON campaigns (id) WHERE status = 2 AND deleted_at IS NULL;

-- No foreign key here and on messages: on PostgreSQL its check is made row by row, and took three quarters of the
-- time of a bulk insert. Whatever stores recipients touches the campaign's row in the same transaction.
CREATE TABLE recipients (
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    phone TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT,
    custom1 TEXT,
    custom2 TEXT,
    contact_group_id TEXT,
    PRIMARY KEY (campaign_id, seq)
) WITHOUT ROWID;

CREATE TABLE invalid_contacts (
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    position BIGINT NOT NULL,
    phone_number TEXT NOT NULL,
    property TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (campaign_id, position)
) WITHOUT ROWID;

-- The counters, from queued on, tell how the unit's messages stand; each message is in one of them.
CREATE TABLE send_units (
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    owner TEXT,
    epoch BIGINT NOT NULL,
    lease_until TIMESTAMP,
    marked_upto INTEGER NOT NULL,
    sent_at TIMESTAMP,
    queued INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    opted_out INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, first_seq)
) WITHOUT ROWID;
CREATE INDEX send_units_unfinished ON send_units (campaign_id, first_seq) WHERE sent_at IS NULL;
CREATE INDEX send_units_leased ON send_units (owner) WHERE owner IS NOT NULL;

-- No index beside the primary key, ever: on PostgreSQL a receipt then is a heap-only update.
CREATE TABLE messages (
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    status SMALLINT NOT NULL,
    attempt SMALLINT NOT NULL,
    parts SMALLINT NOT NULL,
    parts_final SMALLINT NOT NULL,
    worst SMALLINT,
    reference INTEGER NOT NULL,
    price BIGINT,
    gateway TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    error TEXT,
    sent_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP,
    PRIMARY KEY (campaign_id, seq)
) WITHOUT ROWID;

CREATE TABLE outstanding_parts (
    receipt_key TEXT NOT NULL PRIMARY KEY,
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    attempt SMALLINT NOT NULL,
    sent_at TIMESTAMP NOT NULL
) WITHOUT ROWID;
CREATE INDEX outstanding_parts_sent_at ON outstanding_parts (sent_at);

CREATE TABLE unmatched_receipts (
    id INTEGER NOT NULL PRIMARY KEY,
    receipt_key TEXT NOT NULL,
    gateway TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    status SMALLINT,
    error TEXT,
    destination TEXT,
    received_at TIMESTAMP NOT NULL
);
CREATE INDEX unmatched_receipts_key ON unmatched_receipts (receipt_key);
CREATE INDEX unmatched_receipts_received_at ON unmatched_receipts (received_at);
