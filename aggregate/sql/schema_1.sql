-- What aggregate remembers, in a schema of its own. Version 1.

-- (`if not exists` would ask for the right to create schemas even where it is there)
do $$
begin
	if to_regnamespace('aggregate') is null then
		create schema aggregate;
	end if;
end
$$;

create table aggregate.migration (
	version int primary key,
	applied_at timestamptz not null default now()
);

-- One row per run that got as far as a transaction.
create table aggregate.run (
	run_id bigint generated always as identity primary key,
	project text not null,
	command text not null,
	status text not null check (status in ('published', 'checked', 'rolled_back', 'cancelled', 'failed')),
	exit_status int not null,
	started_at timestamptz not null,
	finished_at timestamptz not null default clock_timestamp(),
	snapshot pg_snapshot, -- what the run saw; null if it saw nothing
	message text
);
create index run_started_at on aggregate.run (started_at);

create table aggregate.node_result (
	run_id bigint not null references aggregate.run on delete cascade,
	node text not null,
	type text not null,
	status text not null,
	rows bigint,     -- of the model, or looked at by the test
	inserted bigint,
	updated bigint,
	deleted bigint,
	failures bigint, -- of a test
	ms double precision not null,
	message text,
	primary key (run_id, node, type)
);

-- Rows that a test found wrong, as many as its limit says.
create table aggregate.failure (
	run_id bigint not null references aggregate.run on delete cascade,
	node text not null,
	number int not null,
	row jsonb not null,
	primary key (run_id, node, number)
);

-- What the relations that aggregate made contain: everything visible in `snapshot` of the cluster `system_identifier`,
-- through the SQL whose fingerprint is `compiled`. A relation without a row here is not aggregate's to write.
create table aggregate.state (
	relation_schema text not null,
	relation_name text not null,
	project text not null,
	model text not null,
	materialised text not null,
	compiled text not null,
	definition text, -- of a view: fingerprint of what the server made of it
	snapshot pg_snapshot not null,
	system_identifier bigint not null,
	built_at timestamptz not null,   -- the run that brought it to `snapshot`
	changed_at timestamptz not null, -- the last run that changed a row or the definition
	primary key (relation_schema, relation_name)
);

insert into aggregate.migration (version) values (1);
