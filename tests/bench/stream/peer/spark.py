"""The stream path as Spark Structured Streaming users write it: Kafka, from_json, the three rules as columns, foreachBatch, JDBC.

usage: spark.py BROKERS TOPIC JDBC_URL UNITS_JSON CHECKPOINT_DIR JARS [--all]

--all: what is in the topic, then end. Without it: on and on, a batch as soon as the one before is done.
"""
import json
import signal
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

brokers, topic, url, units, checkpoint, jars = sys.argv[1:7]
everything = "--all" in sys.argv

session = (
    SparkSession.builder.appName("txpipe-bench").master("local[4]")
    .config("spark.jars", jars)
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", 4)
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
session.sparkContext.setLogLevel("ERROR")

schema = (
    "transaction_id string, transaction_ts timestamp, customer_id string, merchant_id string, amount decimal(18,4), currency string, latitude double,"
    " longitude double, device_id string, payment_method string, is_foreign boolean"
)
per_base = f.create_map([f.lit(x) for pair in json.loads(units).items() for x in (pair[0], float(pair[1]))])
base = f.col("amount").cast("double") / per_base[f.col("currency")]
reasons = f.array_compact(f.array(
    f.when(base > 3000, "high_amount"),
    f.when(f.col("is_foreign"), "foreign"),
    f.when(~f.col("latitude").between(-90, 90) | ~f.col("longitude").between(-180, 180), "bad_location"),
))
records = (
    session.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("minPartitions", 8)
    .option("maxOffsetsPerTrigger", 200000)
    .load()
    .select(f.from_json(f.col("value").cast("string"), schema).alias("r"))
    .select("r.*")
    .withColumn("fraud_reasons", reasons)
    .withColumn("is_fraud", f.size("fraud_reasons") > 0)
    .withColumn("fraud_score", f.lit(0).cast("float"))
    .withColumn("ruleset", f.lit("cb729d574cee"))
)


def store(batch, _):
    (
        batch.write.format("jdbc").mode("append")
        .option("url", url)
        .option("dbtable", "fact_transaction")
        .option("driver", "org.postgresql.Driver")
        .option("batchsize", 10000)
        .save()
    )


writing = records.writeStream.foreachBatch(store).option("checkpointLocation", checkpoint)
query = (writing.trigger(availableNow=True) if everything else writing).start()
signal.signal(signal.SIGTERM, lambda *_: query.stop())
query.awaitTermination()
session.stop()
