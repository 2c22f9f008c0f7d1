"""The three rules of seed.rules in one statement of DuckDB, one thread, types given so that nothing is guessed."""
import json
import sys

import duckdb

records, out, units = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
db = duckdb.connect(config={"threads": 1})
db.execute("set preserve_insertion_order = true")
db.execute("create table units (currency varchar, units double)")
db.executemany("insert into units values (?, ?)", list(units.items()))
copied = db.execute(f"""
    copy (
        select r.* exclude (fraud_reasons), len(fraud_reasons) > 0 as is_fraud, 0 as fraud_score, fraud_reasons, 'cb729d574cee' as ruleset
        from (
            select r.*, list_filter([
                case when r.amount / u.units > 3000 then 'high_amount' end,
                case when r.is_foreign then 'foreign' end,
                case when r.latitude not between -90 and 90 or r.longitude not between -180 and 180 then 'bad_location' end], x -> x is not null)
                as fraud_reasons
            from read_json('{records}', format = 'newline_delimited', columns = {{transaction_id: 'varchar', transaction_ts: 'varchar',
                customer_id: 'varchar', merchant_id: 'varchar', amount: 'double', currency: 'varchar', latitude: 'double', longitude: 'double',
                device_id: 'varchar', payment_method: 'varchar', is_foreign: 'boolean'}}) r
            left join units u using (currency)
        ) r
    ) to '{out}' (format json)""").fetchone()[0]
print(copied, file=sys.stderr)
