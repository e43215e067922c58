DROP TABLE person_sends;
ALTER TABLE clients DROP COLUMN max_per_person_hours;
ALTER TABLE clients DROP COLUMN max_per_person;
