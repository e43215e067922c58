-- Old ones are looked for again and again.
CREATE INDEX inbound_messages_received_at ON inbound_messages (received_at);
