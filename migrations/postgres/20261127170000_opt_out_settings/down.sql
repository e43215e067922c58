DROP TABLE opt_out_settings;
