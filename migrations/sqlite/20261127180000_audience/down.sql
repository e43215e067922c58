ALTER TABLE campaigns DROP COLUMN exclude_contact_group_ids;
ALTER TABLE campaigns DROP COLUMN contact_group_ids;
