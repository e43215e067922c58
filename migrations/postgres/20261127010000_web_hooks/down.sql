DROP TABLE web_hook_deliveries;
DROP TABLE web_hooks;
