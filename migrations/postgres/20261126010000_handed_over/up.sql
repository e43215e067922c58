-- A queued message that is handed to a gateway again stays in the lists until its outcome is known. Handed over, it is no
-- longer known not to be written: a crash leaves it unsettled, and it must not be sent again.
ALTER TABLE messages ADD COLUMN handed_over BOOLEAN NOT NULL DEFAULT FALSE;
