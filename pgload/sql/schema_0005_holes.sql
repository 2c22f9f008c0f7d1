-- Which run was counted last, and its latest holes (from, to, from, to …): if the same run brings one of these records later, they were split
-- over several writers.
alter table stream_position
	add column run text,
	add column run_holes bigint[];
