DROP TABLE group_contacts;
DROP TABLE contact_groups;
