DROP TABLE consents;
DROP TABLE opt_outs;
