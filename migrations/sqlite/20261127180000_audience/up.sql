-- The contact groups whose contacts were written to, and those whose contacts were not: ids with commas between them.
ALTER TABLE campaigns ADD COLUMN contact_group_ids TEXT;
ALTER TABLE campaigns ADD COLUMN exclude_contact_group_ids TEXT;
