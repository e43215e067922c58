-- Messages from handsets. Without a client: it is not known whom they answer.
CREATE TABLE inbound_messages (
    id INTEGER NOT NULL PRIMARY KEY,
    gateway TEXT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    text TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    client_id BIGINT REFERENCES clients (id),
    campaign_id BIGINT,
    seq INTEGER
);
CREATE INDEX inbound_messages_client ON inbound_messages (client_id, id DESC);
CREATE INDEX inbound_messages_unmatched ON inbound_messages (gateway, id DESC) WHERE client_id IS NULL;

-- The numbers of a campaign, sorted and in blocks: where a number is among the recipients is found without an index over
-- them, which would cost more than all else that is stored of a contact.
CREATE TABLE number_blocks (
    campaign_id BIGINT NOT NULL,
    first_number BIGINT NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (campaign_id, first_number)
) WITHOUT ROWID;

CREATE INDEX campaigns_sender ON campaigns (sender, start_at DESC, id DESC);
