-- What is handed over has no row, and is not counted as queued.
UPDATE send_units SET queued = queued - (
    SELECT count(*) FROM messages
    WHERE messages.handed_over AND messages.campaign_id = send_units.campaign_id
        AND messages.seq BETWEEN send_units.first_seq AND send_units.last_seq
) WHERE queued > 0;
DELETE FROM messages WHERE handed_over;
ALTER TABLE messages DROP COLUMN handed_over;
