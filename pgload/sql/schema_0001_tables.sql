-- Facts, labels and dimensions. A table of that name that is there already is kept: it only gets the suite's own columns.

create table if not exists fact_transaction (
	transaction_id   uuid primary key,
	transaction_ts   timestamptz not null,
	customer_id      uuid not null,
	merchant_id      uuid not null,
	amount           numeric(18,4) not null,
	currency         text not null,
	latitude         float8,
	longitude        float8,
	device_id        text,
	payment_method   text,
	is_foreign       boolean not null,
	is_fraud         boolean not null
);

-- No foreign keys: a late dimension must not stop the stream. Data tests watch the references.
alter table fact_transaction
	add column if not exists fraud_score   real,
	add column if not exists fraud_reasons text[],
	add column if not exists ruleset       text,
	add column if not exists extra         jsonb,
	add column if not exists loaded_at     timestamptz default now(),
	add column if not exists xid           xid8 not null default pg_current_xact_id();

-- What the models read from: rows whose transaction became visible since the last run.
create index if not exists fact_transaction_xid on fact_transaction (xid);

create table if not exists fraud_label (
	label_for        uuid primary key,
	label_ts         timestamptz not null,
	is_fraud         boolean not null,
	customer_id      uuid,
	merchant_id      uuid,
	transaction_ts   timestamptz
);

alter table fraud_label
	add column if not exists extra         jsonb,
	add column if not exists loaded_at     timestamptz default now(),
	add column if not exists xid           xid8 not null default pg_current_xact_id();

create index if not exists fraud_label_xid on fraud_label (xid);

create table if not exists dim_customer (
	customer_id      uuid primary key,
	customer_name    text,
	customer_email   text,
	home_country     text,
	home_latitude    float8,
	home_longitude   float8,
	registered_at    timestamptz
);

create table if not exists dim_merchant (
	merchant_id       uuid primary key,
	merchant_name     text,
	merchant_category text,
	country           text,
	latitude          float8,
	longitude         float8
);

-- Units of the currency for one unit of the base currency (USD).
create table if not exists dim_currency (
	currency         text primary key,
	units_per_base   numeric not null check (units_per_base > 0)
);

alter table dim_customer
	add column if not exists loaded_at     timestamptz default now(),
	add column if not exists xid           xid8 not null default pg_current_xact_id();

alter table dim_merchant
	add column if not exists loaded_at     timestamptz default now(),
	add column if not exists xid           xid8 not null default pg_current_xact_id();

alter table dim_currency
	add column if not exists loaded_at     timestamptz default now(),
	add column if not exists xid           xid8 not null default pg_current_xact_id();
