-- What its people call a campaign, how fast it is sent, and whether its texts are written in GSM look-alikes.
ALTER TABLE campaigns ADD COLUMN name TEXT;
ALTER TABLE campaigns ADD COLUMN max_per_second INTEGER;
ALTER TABLE campaigns ADD COLUMN spread_until TIMESTAMP;
ALTER TABLE campaigns ADD COLUMN smart_encoding BOOLEAN NOT NULL DEFAULT FALSE;
