DROP TABLE link_secrets;
