# For spark.sh and latency.sh: Spark's side of a pair.
units=$(txgen currencies | jq -cs 'map({key: .currency, value: .units_per_base}) | from_entries')
spark_command() { # TOPIC OPTION...: in the array `command`
	local jars
	jars=$(printf '%s,' "$bench"/spark/connector/*.jar)
	command=("$spark" "$here/peer/spark.py" "$KAFKA_BROKERS" "$1"
		"jdbc:postgresql://127.0.0.1:$PGPORT/txpipe?user=postgres&reWriteBatchedInserts=true&stringtype=unspecified" "$units"
		"$servers/checkpoint.$RANDOM" "${jars%,}" "${@:2}")
}
