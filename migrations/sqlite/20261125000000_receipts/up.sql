-- A part stays until no receipt is waited for any more, so that a second receipt of it is known as such; the same id may
-- then stand for parts of several messages. Rows are only added, and removed by age: which parts have come to their end is
-- kept in their message's row, which a receipt changes anyway.
CREATE TABLE awaited_parts (
    receipt_key TEXT NOT NULL,
    campaign_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    attempt SMALLINT NOT NULL,
    part SMALLINT NOT NULL,
    destination BIGINT NOT NULL,
    sent_at TIMESTAMP NOT NULL,
    CONSTRAINT outstanding_parts_key PRIMARY KEY (receipt_key, campaign_id, seq, attempt)
) WITHOUT ROWID;
INSERT INTO awaited_parts (receipt_key, campaign_id, seq, attempt, part, destination, sent_at)
SELECT o.receipt_key, o.campaign_id, o.seq, o.attempt,
       m.parts_final - 1 + row_number() OVER (PARTITION BY o.campaign_id, o.seq ORDER BY o.receipt_key),
       CAST(ltrim(r.phone, '+') AS BIGINT), o.sent_at
FROM outstanding_parts AS o
JOIN messages AS m ON m.campaign_id = o.campaign_id AND m.seq = o.seq
JOIN recipients AS r ON r.campaign_id = o.campaign_id AND r.seq = o.seq;
DROP TABLE outstanding_parts;
ALTER TABLE awaited_parts RENAME TO outstanding_parts;
CREATE INDEX outstanding_parts_sent_at ON outstanding_parts (sent_at);

-- One bit for each part, the first part's lowest.
ALTER TABLE messages ADD COLUMN parts_ended BIGINT NOT NULL DEFAULT 0;
UPDATE messages SET parts_ended = (CAST(1 AS BIGINT) << parts_final) - 1 WHERE parts_final > 0;
ALTER TABLE messages DROP COLUMN parts_final;

CREATE INDEX unmatched_receipts_gateway ON unmatched_receipts (gateway, id);
