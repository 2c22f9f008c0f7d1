-- How far each stream has come in each target table, and what became of every offset: the sum below is what makes a loss visible, so the
-- database itself insists on it.

create table stream_position (
	stream        text not null,
	target        text not null,
	topic         text not null,
	partition     integer not null check (partition >= 0),
	first_offset  bigint not null check (first_offset >= 0),
	next_offset   bigint not null,
	rows          bigint not null default 0 check (rows >= 0),
	duplicates    bigint not null default 0 check (duplicates >= 0),
	dead_letters  bigint not null default 0 check (dead_letters >= 0),
	labels        bigint not null default 0 check (labels >= 0),
	holes         bigint not null default 0 check (holes >= 0),
	last_offset   bigint,                   -- of the last record counted, and its Kafka time in milliseconds
	last_ts       bigint,
	partitions    integer not null,         -- of the topic, when this row was made
	cluster_id    text,
	broken_at     timestamptz,              -- records arrived out of order: refused until --reset-stream
	writer        text,
	updated_at    timestamptz not null default now(),
	primary key (stream, target, topic, partition),
	constraint every_offset_is_accounted_for
		check (next_offset - first_offset = rows + duplicates + dead_letters + labels + holes)
) with (fillfactor = 50);

-- Offsets that an operator gave up (--accept-gap): from_offset <= offset < to_offset.
create table stream_gap (
	stream        text not null,
	target        text not null,
	topic         text not null,
	partition     integer not null,
	from_offset   bigint not null,
	to_offset     bigint not null check (to_offset > from_offset),
	accepted_at   timestamptz not null default now(),
	accepted_by   text not null default current_user,
	primary key (stream, target, topic, partition, from_offset, to_offset)
);

-- What could not be stored: with its coordinates in the log, or in a file.
create table dead_letter (
	id            bigint generated always as identity primary key,
	stream        text,
	target        text not null,
	topic         text,
	partition     integer,
	kafka_offset  bigint,
	source        text,
	line          bigint,
	"by"          text not null,            -- the tool that refused it
	reason        text not null,            -- machine-readable
	detail        text,                     -- for people
	raw           bytea,
	raw_bytes     bigint,                   -- of the whole, where raw is only its beginning
	raw_sha256    text,
	received_at   timestamptz not null default now(),
	resolved_at   timestamptz
);

-- Read twice, kept once (see step 7).
create unique index dead_letter_offset on dead_letter (stream, target, topic, partition, kafka_offset) where stream is not null;
create unique index dead_letter_line on dead_letter (target, source, line, sha256(raw)) where stream is null;
create index dead_letter_received_at on dead_letter (received_at);
