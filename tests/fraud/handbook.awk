# The Handbook's transactions as records: xz -dc transactions | awk -v places=<(xz -dc terminals) -f handbook.awk
function date_of(day,    month, days) { # of a day since 2018-04-01; no date of the set lies beyond June
	for (month = 4; day >= (days = month == 4 || month == 6 ? 30 : 31); month++)
		day -= days
	return sprintf("2018-%02d-%02d", month, day + 1)
}
BEGIN {
	FS = ","
	getline line < places
	while ((getline line < places) > 0) {
		split(line, column, ",")
		latitude[column[1]] = column[4]
		longitude[column[1]] = column[5]
	}
}
FNR == 1 { next }
{
	day = int($2 / 86400)
	if (day != last) {
		date = date_of(day)
		last = day
	}
	second = $2 % 86400
	printf "{\"transaction_id\":\"00000000-0000-4000-8000-%012d\",\"transaction_ts\":\"%sT%02d:%02d:%02dZ\"," \
		"\"customer_id\":\"c0000000-0000-4000-8000-%012d\",\"merchant_id\":\"d0000000-0000-4000-8000-%012d\"," \
		"\"amount\":%s,\"currency\":\"EUR\",\"latitude\":%s,\"longitude\":%s,\"device_id\":\"e0000000-0000-4000-8000-%012d\"," \
		"\"payment_method\":\"card\",\"is_foreign\":false,\"is_fraud\":%s}\n", $1, date, int(second / 3600), int(second % 3600 / 60),
		second % 60, $3, $4, $5, latitude[$4], longitude[$4], $3, $6 == 1 ? "true" : "false"
}
BEGIN { last = -1 }
