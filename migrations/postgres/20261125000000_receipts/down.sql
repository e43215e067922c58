DROP INDEX unmatched_receipts_gateway;

ALTER TABLE messages ADD COLUMN parts_final SMALLINT NOT NULL DEFAULT 0;
UPDATE messages SET parts_final = parts - (
    SELECT count(*) FROM outstanding_parts AS o
    WHERE o.campaign_id = messages.campaign_id AND o.seq = messages.seq AND o.attempt = messages.attempt
      AND messages.parts_ended & (CAST(1 AS BIGINT) << o.part) = 0);

CREATE TABLE awaited_parts (
    receipt_key TEXT NOT NULL,
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    attempt SMALLINT NOT NULL,
    sent_at TIMESTAMP NOT NULL,
    CONSTRAINT outstanding_parts_receipt_key PRIMARY KEY (receipt_key)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
-- Only one message can wait under an id: the newest.
INSERT INTO awaited_parts (receipt_key, campaign_id, seq, attempt, sent_at)
SELECT receipt_key, campaign_id, seq, attempt, sent_at
FROM (
    SELECT o.*, row_number() OVER (PARTITION BY o.receipt_key ORDER BY o.sent_at DESC, o.campaign_id DESC, o.seq DESC) AS place
    FROM outstanding_parts AS o
    JOIN messages AS m ON m.campaign_id = o.campaign_id AND m.seq = o.seq AND m.attempt = o.attempt
    WHERE m.parts_ended & (CAST(1 AS BIGINT) << o.part) = 0
) AS newest
WHERE place = 1;
DROP TABLE outstanding_parts;
ALTER TABLE awaited_parts RENAME TO outstanding_parts;
CREATE INDEX outstanding_parts_sent_at ON outstanding_parts (sent_at);
ALTER TABLE messages DROP COLUMN parts_ended;
