DROP INDEX send_units_owner;
DROP TABLE gateway_binds;
DROP TABLE nodes;
