-- Models that follow changes. Version 2.

-- `sources`: the tables that the model follows and the files they lay in, a line `relation oid:file oid:file …` each. Other files are
-- other content: truncated, rewritten, a part less.
alter table aggregate.state add column sources text;

-- Rows of the relation, so that nobody needs to count them.
alter table aggregate.state add column rows bigint;

insert into aggregate.migration (version) values (2);
