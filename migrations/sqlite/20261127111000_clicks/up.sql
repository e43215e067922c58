-- Each time a tracked link was followed: raw, and what it was taken for. A campaign that is deleted keeps them.
CREATE TABLE clicks (
    id INTEGER NOT NULL PRIMARY KEY,
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    clicked_at TIMESTAMP NOT NULL,
    class TEXT NOT NULL,
    rule TEXT NOT NULL,
    agent TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    network TEXT
);
-- Counts of a campaign and of its recipients are read from this alone.
CREATE INDEX clicks_recipient ON clicks (campaign_id, seq, class);
