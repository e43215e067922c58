-- Since when it is not known whether a message was sent; NULL: that is known, or it was not tried. Apart from the status,
-- since a message that was sent may end as unknown, too. Receipts leave it alone, so that their updates stay cheap.
ALTER TABLE messages ADD COLUMN unknown_since TIMESTAMP;
-- How often it was sent again since that was not known.
ALTER TABLE messages ADD COLUMN resends SMALLINT NOT NULL DEFAULT 0;
-- Neither a receipt nor the end of waiting for one has made it unknown.
UPDATE messages SET unknown_since = sent_at WHERE status = 6 AND received_at IS NULL AND updated_at = sent_at;
CREATE INDEX messages_unknown ON messages (campaign_id, seq) WHERE unknown_since IS NOT NULL;

-- What becomes of such messages: 0 they are held, 1 they are sent again; NULL: as the client has it, and then as the setting
-- has it.
ALTER TABLE campaigns ADD COLUMN on_unknown SMALLINT;
ALTER TABLE clients ADD COLUMN on_unknown SMALLINT;
