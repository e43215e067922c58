DROP INDEX messages_unknown;
ALTER TABLE messages DROP COLUMN unknown_since;
ALTER TABLE messages DROP COLUMN resends;
ALTER TABLE campaigns DROP COLUMN on_unknown;
ALTER TABLE clients DROP COLUMN on_unknown;
