-- When a campaign's messages may be sent: `08:00-20:00 Mon,Fri recipient`, and hold or drop.
ALTER TABLE campaigns ADD COLUMN sending_window TEXT;
ALTER TABLE campaigns ADD COLUMN outside_window TEXT NOT NULL DEFAULT 'hold';
ALTER TABLE campaigns ADD COLUMN expires_at TIMESTAMP;

-- Where the contact is known to be, whatever the number says.
ALTER TABLE recipients ADD COLUMN time_zone TEXT;
ALTER TABLE group_contacts ADD COLUMN time_zone TEXT;

-- Nothing of the unit may be sent before, by the clock of the nodes.
ALTER TABLE send_units ADD COLUMN not_before TIMESTAMP;
