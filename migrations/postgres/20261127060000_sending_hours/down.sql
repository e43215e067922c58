ALTER TABLE send_units DROP COLUMN not_before;
ALTER TABLE group_contacts DROP COLUMN time_zone;
ALTER TABLE recipients DROP COLUMN time_zone;
ALTER TABLE campaigns DROP COLUMN expires_at;
ALTER TABLE campaigns DROP COLUMN outside_window;
ALTER TABLE campaigns DROP COLUMN sending_window;
