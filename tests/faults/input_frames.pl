#!/usr/bin/perl
# input_frames.pl SEED ROUND PARTITIONS COUNT
# Messages of all kinds as frames for produce.c. Round 0: each kind of malformation by a recipe, with what must become of it: TOOL:REASON of a
# dead letter, row, label, or ? where only the oracle (input_oracle.pl) says. Other rounds: COUNT good messages, each damaged at random.
# Good rows stand in between, so that bad neighbours can be seen to do no harm.
use strict;
use warnings;
no warnings 'qw';

my ($seed, $round, $partitions, $count) = @ARGV;
srand $seed * 1000 + $round;
my $frame = 0;

sub hex_of { my ($bytes) = @_; return !defined $bytes ? '-' : $bytes eq '' ? '.' : unpack 'H*', $bytes }

sub uuid { return sprintf '%08x-%04x-4%03x-8%03x-%08x%04x',
	$round, ++$frame, int rand 4096, int rand 4096, int rand 2**32, int rand 65536 }

my @order = qw(transaction_id transaction_ts customer_id merchant_id amount currency latitude longitude device_id payment_method is_foreign);

# Members of a good transaction, as JSON texts, some changed: name => JSON text (undef: left out), in the order of @order, others behind.
sub members {
	my (%change) = @_;
	my %m = (
		transaction_id => '"' . uuid() . '"', transaction_ts => sprintf('"2026-01-%02dT%02d:%02d:%02d.%03dZ"',
			1 + rand 28, rand 24, rand 60, rand 60, rand 1000),
		customer_id => '"' . uuid() . '"', merchant_id => '"' . uuid() . '"', amount => sprintf('%.2f', rand 5000),
		currency => '"EUR"', latitude => sprintf('%.5f', rand(170) - 85), longitude => sprintf('%.5f', rand(340) - 170),
		device_id => '"dev-' . int(rand 1e9) . '"', payment_method => '"credit_card"', is_foreign => rand() < .5 ? 'true' : 'false',
			%change);
	my %known = map { $_ => 1 } @order;
	return map { [$_, $m{$_}] } grep { defined $m{$_} } @order, sort grep { !$known{$_} } keys %m;
}

sub object { return '{' . join(',', map { qq("$_->[0]":$_->[1]) } @_) . '}' }
sub good { return object(members(@_)) }

sub emit_to {
	my ($partition, $kind, $expect, $payload, $key, @headers) = @_;
	print join(' ', $kind, $expect, $partition, hex_of($key), hex_of($payload),
		map { hex_of($_->[0]) . '=' . hex_of($_->[1]) } @headers), "\n";
}

my $emitted = 0;
sub emit {
	my ($kind, $expect, $payload, @rest) = @_;
	emit_to($emitted % $partitions, $kind, $expect, $payload, @rest);
	emit_to(int rand $partitions, 'good', 'row', good(), 'key') if ++$emitted % 4 == 0;
}

# --- random damage ---------------------------------------------------------------------------------------------------
my @tokens = ('"', '\\', '{', '}', '[', ']', ',', ':', 'null', 'true', '1e999', '-0', "\0", '\u0000', '\ud800', "\xff", "\xc0\xaf",
	"\xed\xa0\x80", "\n", "\r", ' ',
	'"_kafka":1,', '"extra":{},', '"xid":"1",', "\xef\xbb\xbf", "\xe2\x82\xac", '00', '.', 'e', '-', '"amount":1,', '0.00005',
		'99999999999999.9999');

my @values = (qw(null true false 0 -0.0 1e5 1E-7 -17.5 123456789012.12345 1e15 1e400 1e-400 {} [] [1,[2,{}]]), '""', '"x"',
	'"\\u00e9\\ud83d\\ude00"', '"\\ud800"',
	'{"a":{"b":[null,1.50]}}', '"2026-02-28T23:59:59.5+02:00"', '"2026-02-30T00:00:00Z"', '"00000000-0000-4000-8000-000000000001"',
		'"refused"');

sub damage {
	my ($text) = @_;
	for (0 .. (rand() < .7 ? 0 : rand 3)) {
		my $n = length $text;
		my $at = int rand $n;
		my $how = int rand 11;
		if ($how == 0) { substr($text, $at, 1) = chr int rand 256 }
		elsif ($how == 1) { substr($text, $at, 1 + rand 4) = '' }
		elsif ($how == 2) { substr($text, $at, 0) = $tokens[rand @tokens] }
		elsif ($how == 3) { substr($text, $at, 1 + rand 8) = $tokens[rand @tokens] }
		elsif ($how == 4) { substr($text, $at, 0) = substr $text, rand $n, rand 40 }
		elsif ($how == 5) { $text = substr $text, 0, $at }
		elsif ($how == 6) { substr($text, $at, 1) = chr(ord(substr $text, $at, 1) ^ 1 << rand 8) }
		elsif ($how < 10) { # another value: the grammar stays whole, perhaps
			my $i = int rand 11;
			$text =~ s/(":)((?:"[^"]*"|[^",{}]+))/$i-- == 0 ? $1 . $values[rand @values] : $1 . $2/ge;
		}
		else { my @m = split /,/, $text; @m[rand @m, rand @m] = @m[rand @m, rand @m]; $text = join ',', @m }
		$text = '{' if $text eq '';
	}
	return $text;
}

if ($round > 0) {
	emit('random', '?', damage(rand() < .9 ? good() : good("s\xc3\xa9" => '{"a":["\u00e9",1e2,{}]}',
		note => '"\"\\\\\/\b\f\n\r\t"'))) for 1 .. $count;
	exit;
}

# --- recipes ---------------------------------------------------------------------------------------------------------
sub with { my ($name, $value) = @_; return good($name => $value) }
sub behind { my ($tail) = @_; my $text = good(); substr($text, -1) = ",$tail}"; return $text }
sub before { my ($head) = @_; my $text = good(); substr($text, 0, 1) = "{$head,"; return $text }

# truncated at every byte, once with characters of several bytes and escapes
for my $whole (good(), qq({"\xc3\xa9":"\xe2\x82\xac\xf0\x9f\x98\x80\\u00e9\\ud83d\\ude00","n":-1.5e+3,"l":[true,false,null,{"a":[]}]})) {
	emit('truncated', $_ == 0 ? 'kconsume:empty_payload' : 'kconsume:*', substr $whole, 0, $_) for 0 .. length($whole) - 1;
}
# a byte too many behind it, for every byte; white space is none
emit('trailing', chr($_) =~ /[ \t\r\n]/ ? 'row' : 'kconsume:*', good() . chr $_) for 0 .. 255;
emit('leading', chr($_) =~ /[ \t\r\n]/ ? 'row' : 'kconsume:*',
	chr($_) . good()) for 0, 9, 10, 13, 32, 44, 0x7b, 0x80, 0xbf, 0xc0, 0xef, 0xff;

emit('null_payload', 'kconsume:null_payload', undef, 'tombstone');
emit('null_payload', 'kconsume:null_payload', undef);
emit('empty_payload', 'kconsume:empty_payload', '', '');
emit('blank', 'kconsume:*', $_) for ' ', "\n", "\r\n", "\t \n", "\xef\xbb\xbf";
emit('bom', 'kconsume:not_json', "\xef\xbb\xbf" . good());
emit('utf16', 'kconsume:*', join '', map { "$_\0" } split //, good());
emit('not_object', 'kconsume:not_object', $_) for split(' ', '[] [{}] null true false 0 -1 1e5 "" "x" [1,2] [[[]]]'),
	'[' . good() . ']', '"' . 'x' x 3000 . '"';
emit('two_objects', 'kconsume:not_json', good() . $_ . good()) for '', ' ', "\n", ',';
emit('empty_object', 'pgload:missing_column', $_) for '{}', ' { } ', "{\n}";

# bytes that are not UTF-8, in a value, in a name, and outside of strings
my @not_utf8 = ("\x80", "\xbf", "\xff", "\xfe", "\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xe2\x82", "\xe0\x80\x80",
	"\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
	"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xc3\x28", "\xe2\x28\xa1", "\xa0\xa1",
	"\xed\xa0\xbd\xed\xb8\x80");
for my $bytes (@not_utf8) {
	emit('not_utf8', 'kconsume:not_utf8', with(device_id => qq("a${bytes}b")));
	emit('not_utf8', 'kconsume:not_utf8', behind(qq("n$bytes":1)));
	emit('not_utf8', 'kconsume:*', behind(qq("n":$bytes)));
}
emit('utf8', 'row', with(device_id => qq("$_"))) for "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
	"\xef\xbf\xbf", "\xf0\x90\x80\x80",
	"\xf4\x8f\xbf\xbf", "\x7f", "\xe2\x80\xa8";
# U+0000
emit('nul', 'kconsume:nul', $_) for with(device_id => "\"a\0b\""), with(device_id => '"a\u0000b"'),
	with(device_id => '"\\\\\u0000"'), behind('"a\u0000":1'),
	behind('"a":{"b":["\u0000"]}'), behind("\"a\0\":1"), behind('"\u0000":1');
emit('nul', 'kconsume:*', behind("\"a\":\0")), emit('nul', 'kconsume:*', good() . "\0"), emit('nul', 'row',
	with(device_id => '"\\\\u0000"'));
# control characters in strings
emit('control', 'kconsume:*', with(device_id => '"a' . chr($_) . 'b"')) for 1 .. 31;
# escapes
emit('escape', 'kconsume:not_json', with(device_id => "\"$_\"")) for '\\', '\x41', '\u12', '\u12g4', '\U0041', "\\'", '\0', '\u',
	'\a', '\e', '\v', '\ ';
emit('surrogate', 'pgload:lone_surrogate', $_) for map({ with(device_id => "\"$_\"") } '\ud800', '\udfff', '\ud83dx',
	'\ud83d\u0041', '\ude00\ud83d', '\ud83d\ud83d'),
	behind('"a":"\ud800"'), behind('"a":{"b":["\udc00"]}'), behind('"\ud800":1');
emit('surrogate', 'fraudcheck:wrong_type', with(currency => '"\ud800"'));
emit('surrogate', 'row', with(device_id => '"\ud83d\ude00\uFFFF\ufffe"'));
# numbers that are none
emit('not_a_number', 'kconsume:not_json', with($_->[0], $_->[1])) for map { my $n = $_; map { [$n, $_] }
	split(' ', '01 -01 +1 .5 5. 1e 1e+ 1.e3 0x10 NaN nan Infinity -Infinity inf --1 1_000 1.2.3 1e5.5 - 1f ½ 00 -') } qw(amount latitude);
emit('not_json', 'kconsume:not_json', $_) for map({ behind($_) } '"a"', '"a":', ':1', '"a" 1', '"a":1,', ',', "'a':1", 'a:1',
	'"a":1 "b":2', '"a":tru', '"a":True',
	'"a":nul', '"a":undefined', '"a":[1,]', '"a":[,1]', '"a":[1 2]', '"a":{"b"}', '"a":{"b":1,}', '"a":{', '"a":[', '"a":]', '"a":}',
		'"a":[}', '"a":{]', '/*c*/"a":1',
	'"a":1//c', '"a":"\'', '"a":\'b\'', '"a":1;', '"a"=1', '"a":(1)', '"a":[1:2]', '"a":{1:2}', '"a"::1', 'null:1', '"a":"b""c"'),
	'{', '}', '{{}}', '{]', '[}', '{,}', '{"a":1', '"a":1}', 'hello', '{"a":1}}', '<xml/>', 'transaction_id,amount', '{"a":1]',
		"{'a':1}", '{a:1}', '{"":', ',', ':', '#';
# a wrong type in every field
my %types = (null => 'null', true => 'true', number => '12', string => '"x"', array => '[]', object => '{}',
	nested => '[{"a":[1]}]', empty => '""', quoted => '"12"', float => '1.5');
my %column = (transaction_id => 'uuid', transaction_ts => 'time', customer_id => 'uuid', merchant_id => 'uuid', amount => 'number',
	currency => 'text', latitude => 'float',
	longitude => 'float', device_id => 'text', payment_method => 'text', is_foreign => 'bool');
for my $name (@order) {
	emit('wrong_type', '?', with($name, $types{$_})) for sort keys %types;
	emit('missing', '?', with($name, undef));
}
emit('bad_uuid', 'pgload:bad_uuid', with(customer_id => "\"$_\"")) for 'g0000000-0000-4000-8000-000000000000',
	'00000000-0000-4000-8000-00000000000', '{00000000-0000-4000-8000-000000000000}',
	'00000000000040008000000000000000', '00000000-0000-4000-8000-0000000000000', ' 00000000-0000-4000-8000-000000000000',
		'0000000-00000-4000-8000-000000000000', 'urn:uuid:00000000-0000-4000-8000-000000000000';
emit('good_uuid', 'row', with(customer_id => "\"$_\"")) for 'ABCDEF00-0000-0000-0000-00000000000f',
	'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000';
emit('bad_time', 'pgload:bad_timestamp', with(transaction_ts => "\"$_\"")) for '2026-01-01', '2026-01-01T00:00:00',
	'2026-13-01T00:00:00Z', '2026-02-29T00:00:00Z', '2026-00-01T00:00:00Z',
	'2026-01-32T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:61Z', '2026-01-01T00:00:00.Z',
		'2026-01-01T00:00:00+24:00', '2026-01-01T00:00:00+0',
	'now', 'infinity', '-infinity', 'epoch', 'today', '0000-01-01T00:00:00Z', '10000-01-01T00:00:00Z', '9999-12-31T23:59:59-01:00',
		'0001-01-01T00:00:00+00:01', '1767225600', '2026-1-1T00:00:00Z',
	"2026-01-01T00:00:00 Europe/Berlin", '2026-01-01T00:00:00ZZ', '01/02/2026 00:00:00Z', '2026-01-01T00:00:00Z ', '';
emit('good_time', 'row', with(transaction_ts => "\"$_\"")) for '2026-01-01T00:00:00Z', '2024-02-29T23:59:60Z',
	'2026-01-01t00:00:00z', '2026-01-01 00:00:00+05:30', '0001-01-01T00:00:00Z',
	'9999-12-31T23:59:59.999999Z', '2026-01-01T00:00:00.123456-15:59', '2000-02-29T00:00:00.1+0100';
# numbers out of range for their type: numeric(18,4), float8
emit('amount_range', 'pgload:out_of_range',
	with(amount => $_)) for qw(100000000000000 -100000000000000 99999999999999.99995 1e14 1e30 1E+300 123456789012345678901234567890),
	'9' x 200;
emit('amount_range', 'fraudcheck:out_of_range', with(amount => $_)) for qw(1e309 -1e309 1E+400 1e999999 1e99999999999999999999),
	'9' x 400;
emit('amount_range', 'row', with(amount => $_)) for qw(99999999999999.9999 -99999999999999.9999 99999999999999.99994 0.00005 -0.00005 0.00004 0 -0 0.0 -0.0e5 1e13 1E-4 1e-5 0e999 12345678901234.56785 1.0000),
	'0.' . '0' x 300 . '1', '1.' . '5' x 5000;
emit('float_range', 'fraudcheck:out_of_range', with(latitude => $_)) for qw(1e309 -1e309 1.8e308 1e99999), '1' x 310;
emit('float_range', 'pgload:out_of_range', with(longitude => $_)) for qw(1e-400 -1e-400 1e-99999);
emit('float_range', 'row', with(latitude => $_)) for qw(1.7976931348623157e308 4.9406564584124654e-324 0e-400 -0 90.00001 -181 0.1 1e-300);
# jsonb of what no column takes
emit('jsonb_range', 'pgload:*', behind("\"a\":$_")) for split(' ',
	'1e200000 -1e200000 1e-20000 [1e131073] {"b":1e999999} 0e99999999999 1e99999999999'), '1' x 131073, '0.' . '0' x 16384;
emit('jsonb_range', 'row', behind("\"a\":$_")) for split(' ',
	'1e1000 1e-1000 0e5 123456789012345678901234567890.123456789 [1E5,-0.0]'), '1' x 131072;
# nested deep: the record itself is the first level
sub deep { my ($n, $open, $close, $in) = @_; return ($open x $n) . $in . ($close x $n) }
for (['[', ']', ''], ['[', ']', '1'], ['{"a":', '}', '1'], ['[{"a":', '}]', 'null']) {
	my ($open, $close, $in) = @$_;
	my $each = () = $open =~ /[\[{]/g;
	emit('deep', 'row', behind('"a":' . deep(1022 / $each, $open, $close, $in)));
	emit('too_deep', 'kconsume:too_deep', behind('"a":' . deep($_ / $each, $open, $close, $in))) for 1024, 2000, 100000;
}
emit('too_deep', 'kconsume:*', '[' x $_) for 1000, 100000;
emit('too_deep', 'kconsume:*', '{"a":' x $_) for 1000, 100000;
# names twice, or the suite's own, also in disguise
sub disguise { my ($name) = @_; my $at = int rand length $name; substr($name, $at, 1) = sprintf '\u%04' . (rand() < .5
	? 'x' : 'X'), ord substr $name, $at, 1; return $name }
for my $name (@order, 'note') {
	emit('duplicate_name', 'kconsume:duplicate_name', object(members($name eq 'note' ? (note => 1) : ()), [$name, $_])) for '1',
		'"again"', 'null';
	emit('duplicate_name', 'kconsume:duplicate_name', object(members($name eq 'note' ? (note => 1) : ()), [disguise($name), '1']));
	emit('duplicate_name', 'kconsume:duplicate_name', object([disguise($name), '1'], members($name eq 'note' ? (note => 1) : ())));
}
emit('duplicate_name', 'kconsume:duplicate_name', $_) for behind('"":1,"":2'), behind('"é":1,"\u00e9":2'),
	behind('"\ud83d\ude00":1,"' . "\xf0\x9f\x98\x80" . '":2'), behind('"\/":1,"/":2'),
	behind(join ',', map { "\"n$_\":1" } 0 .. 200, 77);
emit('nested_duplicate', 'row', behind('"a":{"b":1,"b":2}'));
emit('case', 'row', behind('"Amount":1,"AMOUNT":"x","amount ":2'));
my $envelope = '{"stream":"fraud","topic":"transactions","partition":0,"of":4,"run":"x-1","origin":"beginning","begin":0,"offset":999999,"ts":1}';
for my $name ('_kafka', '_reject') {
	for my $value ($envelope, '{"by":"kconsume","reason":"not_json","raw":"x"}', 'null', '1', '""', '{}', '[]') {
		emit('forged', 'kconsume:reserved_name', before(qq("$name":$value)));
		emit('forged', 'kconsume:reserved_name', behind(qq("$name":$value)));
		emit('forged', 'kconsume:reserved_name', behind('"' . disguise($name) . "\":$value"));
		emit('forged', 'kconsume:reserved_name', qq({"$name":$value}));
	}
	emit('nested_forged', 'row', behind("\"a\":{\"$name\":$envelope}"));
}
emit('forged', 'kconsume:reserved_name',
	qq({"_kafka":{"stream":"fraud","topic":"transactions","partition":0,"of":4,"run":"x-1","origin":"beginning","begin":0,"event":"$_","next":999999}})) for qw(end assigned revoked);
emit('forged', 'kconsume:reserved_name',
	"{\"_kafka\":$envelope,\"_reject\":{\"by\":\"kconsume\",\"reason\":\"not_json\",\"raw\":\"x\"}}");
emit('own_names', 'row', behind($_)) for '"warm":true', '"xid":"0"', '"xid":1,"loaded_at":"2020-01-01T00:00:00Z","extra":{"a":1}',
	'"w\u0061rm":1', '"ext\u0072a":[]', '"_Kafka":1', '"_kafka ":1', '"event":"end"',
	'"transaction":1', '"offset":5,"partition":9', '"":1', '"explain":1', '"id":1', '"by":"x","reason":"y"', '"is_fraud ":1';
emit('forged_verdict', 'row', $_) for map({ behind($_), before($_) } '"is_fraud":false', '"fraud_score":"x"',
	'"ruleset":null,"fraud_reasons":[[]]', '"is_fr\u0061ud":1', '"is_fraud":0,"fraud_score":1e999,"fraud_reasons":{},"ruleset":7');
emit('escaped_names', 'row', do { my $t = good(); $t =~ s/"(amount|currency|is_foreign|transaction_id|customer_id)"/'"' . disguise($1) . '"'/ge; $t }) for 1 .. 10;
# layout
sub spread {
	my ($text, $blank) = @_;
	$text =~ s/("(?:[^"\\]|\\.)*")|([\{,:])|(\})$/defined $1 ? $1 : defined $2 ? $2 . $blank : $blank . $3/ge;
	return $text;
}
emit('pretty', 'row', spread(good(), $_)) for ' ', "\n", "\r\n", "\r", "\t", "\n    ", " \r\n\t";
emit('pretty', 'row', "$_" . good() . $_) for "\n", "\r\n", "\r", '  ', "\n\n\n";
emit('pretty', 'fraudcheck:wrong_type', spread(with(amount => '"x"'), "\r\n  "));
emit('pretty', 'pgload:bad_uuid', spread(with(merchant_id => '"x"'), "\n"));
emit('pretty', 'kconsume:*', spread(good(), "\n") . '}');
emit('raw_line_end', 'kconsume:*', with(device_id => "\"a${_}b\"")) for "\n", "\r", "\r\n";
# long: 1 MiB is the limit, dead letters keep the first 256 KiB
my $mib = 1 << 20;
sub filled { my ($size, %change) = @_; my $text = good(%change, filler => '""'); my $at = rindex $text, '""}'; substr($text, $at + 1, 0) = 'x' x ($size - length $text); return $text }
emit('long', 'row', filled($_)) for 256 << 10, $mib - 1, $mib;
emit('too_long', 'kconsume:too_long', filled($_)) for $mib + 1, 2 * $mib, 4 * $mib;
emit('too_long', 'kconsume:too_long', $_ x (2 * $mib)) for "\xff", "\0", '[';
emit('too_long', 'kconsume:too_long', "\xe2\x82\xac" x $mib);
emit('long_reject', 'kconsume:*', $_ x $mib) for "\xff", "\0", '"', '{';
emit('long_reject', 'kconsume:*', substr(filled($_), 0, -1)) for 256 << 10, (256 << 10) + 1, (256 << 10) + 2, $mib;
emit('long_reject', 'kconsume:not_json', '"' . "\xe2\x82\xac" x (100 << 10));
emit('long_reject', 'fraudcheck:wrong_type', filled($mib, amount => '[]'));
emit('long_reject', 'pgload:missing_column',
	filled($mib - 1000, merchant_id => undef)); # its dead letter has the verdict, too: must not be too long when sent again
emit('many_members', 'row', behind(join ',', map { "\"m$_\":$_" } 1 .. 2000));
# keys and headers of any bytes: they are not the message
my @bytes = (undef, '', "\0", "\xff\xfe", join('', map { chr } 0 .. 255), "a\nb\"c\\", "\xe2\x82\xac", 'k' x 30000);
for my $bytes (@bytes) {
	emit('binary_key', 'row', good(), $bytes);
	emit('binary_header', 'row', good(), 'k', ['name', $bytes], ["n\xff\xfe\n\"", $bytes], ['name', 'again']);
	emit('binary_header', 'kconsume:not_json', 'x', $bytes, ['name', $bytes]);
}
emit('many_headers', 'row', good(), 'k', map { ["h$_", "\0$_"] } 1 .. 300);
# labels
sub label { my (%change) = @_; my %m = (label_for => '"' . uuid() . '"', label_ts => '"2026-03-01T00:00:00Z"', is_fraud => 'true',
	customer_id => '"' . uuid() . '"', %change);
	return '{' . join(',', map { "\"$_\":$m{$_}" } grep { defined $m{$_} } sort keys %m) . '}' }
emit('label', 'label', $_) for label(), label(is_fraud => 'false'), label(note => '"x"'), label(amount => '"?"'),
	do { my $t = label(); $t =~ s/label_for/label_f\\u006fr/; $t };
emit('bad_label', 'pgload:*', $_) for label(label_for => '1'), label(label_for => '"x"'), label(is_fraud => '1'),
	label(is_fraud => undef), label(label_ts => undef), label(label_ts => '"yesterday"'), label(customer_id => '7'),
	label(note => '"\ud800"');
emit('bad_label', 'kconsume:duplicate_name', do { my $t = label(); $t =~ s/\}$/,"label_for":1}/; $t });
emit('no_label', 'row', $_) for behind('"label_for":null'), behind('"label_for":null,"is_fraud":false'),
	before('"is_fraud":false,"label_f\u006fr":null');
# what only the server refuses: see input.t
emit('trigger', 'pgload:refused_by_server', with(device_id => qq("refuse-$_"))) for 1 .. 30;
emit('check', 'pgload:refused_by_server', with(payment_method => '"cheque"')) for 1 .. 20;
emit('exclusion', 'pgload:conflicting_duplicate', with(device_id => '"slot"')) for 1 .. 10;
emit('vanished', 'pgload:conflicting_duplicate', with(device_id => '"vanish"')) for 1 .. 5;
# the same id again: in the same partition and in another, with the same content, differently written, and with another content
for my $again (1 .. 20) {
	my @m = members();
	my $same = object(@m);
	emit_to(0, 'same_id', 'row', $same), emit_to($_ % $partitions, 'same_id', 'row', $same) for 0 .. 2;
	my @rewritten = map { my ($n, $v) = @$_; $v =~ s/"dev-/"\\u0064ev-/; $v .= '00' if $n eq 'amount'; [$n, $v] } reverse @m;
	emit_to($again % $partitions, 'same_id', 'row', object(@rewritten));
	my @other = map { my ($n, $v) = @$_; [$n, $n eq 'amount' ? '1' . $v : $v] } @m;
	emit_to(0, 'other_content', 'row', object(@other)), emit_to(1 % $partitions, 'other_content', 'row', object(@other)) if $again % 2;
}
