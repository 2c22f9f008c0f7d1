# The three rules of fraudcheck/rules/seed.rules. $units: currency to units per base.
$units[.currency] as $u
| [ (if $u != null and .amount / $u > 3000 then "high_amount" else empty end),
    (if .is_foreign then "foreign" else empty end),
    (if .latitude < -90 or .latitude > 90 or .longitude < -180 or .longitude > 180 then "bad_location" else empty end) ] as $reasons
| . + {is_fraud: ($reasons | length > 0), fraud_score: 0, fraud_reasons: $reasons, ruleset: "cb729d574cee"}
