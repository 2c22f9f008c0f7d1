-- The page only looks, and never for long: whoever writes must not wait for it.
set default_transaction_read_only = on;
set statement_timeout = '8s';
set lock_timeout = '1s';
set idle_in_transaction_session_timeout = '10s';
set timezone = 'UTC';
set datestyle = 'ISO';
set bytea_output = 'hex';
set jit = off;
set client_min_messages = error;
set plan_cache_mode = force_custom_plan;
set work_mem = '64MB';
