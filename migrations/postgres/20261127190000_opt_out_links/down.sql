DROP TABLE opt_out_links;
