-- One statement, one transaction: that its commit need not wait is true for it alone.
select set_config('synchronous_commit', 'off', true), pg_notify('txpipe', 'pgload')
