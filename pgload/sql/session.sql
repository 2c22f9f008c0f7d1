-- A writer that hangs must not hold the lock of its partitions for ever, nor wait for ever for another's.
set default_transaction_isolation = 'read committed';
set default_transaction_read_only = off;
set lock_timeout = '10s'; -- then evict.sql looks who holds it; it ends nobody before its second look
set idle_in_transaction_session_timeout = '60s';
set tcp_keepalives_idle = 10;
set tcp_keepalives_interval = 5;
set tcp_keepalives_count = 3;
set tcp_user_timeout = 30000;
set standard_conforming_strings = on;
set plan_cache_mode = force_custom_plan; -- the staging table has no statistics, and the target grows
