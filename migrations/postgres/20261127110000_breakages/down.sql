-- Nobody knows of them any more: as failed as they were.
UPDATE messages SET status = 8 WHERE status = 1004;
DROP TABLE breakages;
