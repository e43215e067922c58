-- Messages that broke what was to send them, by a fault in the program, and how often: after the third time nobody tries any more.
CREATE TABLE breakages (
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    times SMALLINT NOT NULL,
    PRIMARY KEY (campaign_id, seq)
);
