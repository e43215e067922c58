-- What is added to the URL that a campaign's tracked links lead to: utm_source=…&utm_medium=…, as a query has it.
ALTER TABLE campaigns ADD COLUMN utm TEXT;
