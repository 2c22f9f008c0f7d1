-- What tests found, so that the next build judges by what changed since. Version 3.

-- The transaction that last changed a row or the definition of the relation.
alter table aggregate.state add column changed_by xid8;

-- Per test of a project, as of the last published build that judged it.
create table aggregate.test_state (
	project text not null,
	test text not null,
	compiled text not null,          -- fingerprint of what it asks
	exact boolean not null,          -- its condition speaks of the row alone: a change of rows changes the counts, nothing else does
	rows bigint,                     -- looked at
	failures bigint not null,
	snapshot pg_snapshot not null,
	system_identifier bigint not null,
	sources text not null,           -- `relation layout` of each source that it reads, line by line
	judged_by xid8 not null default pg_current_xact_id(),
	judged_at timestamptz not null default now(),
	primary key (project, test)
);

-- How many rows `prune` deleted from a source: what was counted when it was stored is there or here.
create table aggregate.pruned (
	relation text primary key, -- quoted, with its schema
	rows bigint not null,
	pruned_at timestamptz not null default now()
);

insert into aggregate.migration (version) values (3);
