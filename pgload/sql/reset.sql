-- $1 stream, $2 target or null: forget where the stream is. Everything is read again; keys make that harmless.
with gone as (
	delete from stream_position where stream = $1 and ($2::text is null or target = $2) returning *
)
select row_to_json(gone)::text from gone order by topic, partition, target
