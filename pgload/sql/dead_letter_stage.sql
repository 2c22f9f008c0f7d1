create temporary table pgload_dead_letter (stream text, topic text, partition integer, kafka_offset bigint, source text, line bigint,
	"by" text, reason text, detail text, raw bytea, raw_bytes bigint, raw_sha256 text) on commit delete rows
