-- How many messages a client may send to one person, and in how many hours; both are NULL where there is no limit.
ALTER TABLE clients ADD COLUMN max_per_person INTEGER;
ALTER TABLE clients ADD COLUMN max_per_person_hours INTEGER;

-- To whom clients with such a limit have sent what, as long as it counts. The number as an integer.
CREATE TABLE person_sends (
    client_id BIGINT NOT NULL REFERENCES clients (id),
    phone BIGINT NOT NULL,
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    sent_at TIMESTAMP NOT NULL,
    PRIMARY KEY (client_id, phone, campaign_id, seq)
) WITHOUT ROWID;
-- What does not count any more is forgotten by this.
CREATE INDEX person_sends_age ON person_sends (client_id, sent_at);
