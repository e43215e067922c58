-- What a client has set about replies that opt out and in: what is NULL is as the rules have it. Words stand one on a line.
CREATE TABLE opt_out_settings (
    client_id BIGINT NOT NULL PRIMARY KEY REFERENCES clients (id),
    language TEXT NOT NULL,
    scope TEXT NOT NULL,
    confirmation BOOLEAN NOT NULL,
    brand TEXT,
    stop_words TEXT,
    start_words TEXT,
    help_words TEXT,
    stop_text TEXT,
    help_text TEXT,
    updated_at TIMESTAMP NOT NULL
);
