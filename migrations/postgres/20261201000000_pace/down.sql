ALTER TABLE campaigns DROP COLUMN smart_encoding;
ALTER TABLE campaigns DROP COLUMN spread_until;
ALTER TABLE campaigns DROP COLUMN max_per_second;
ALTER TABLE campaigns DROP COLUMN name;
