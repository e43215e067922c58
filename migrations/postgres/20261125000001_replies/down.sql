DROP INDEX campaigns_sender;
DROP TABLE number_blocks;
DROP TABLE inbound_messages;
