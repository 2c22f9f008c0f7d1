#!/usr/bin/perl
# input_oracle.pl < FRAMES > ROWS
# Says of each message what must become of it, from its bytes alone and with nothing of the tools: a second reading of docs/design.md. The frames
# are those of input_frames.pl, offsets count up from 0 in each partition. Rows for the table `sent` in text form of COPY: partition,
# kafka_offset, kind, class (row, label, dead, or refused: by a constraint of the test), tool, reasons (any of them), payload, raw (what the dead
# letter must hold, or begin with where fraudcheck has put its verdict behind it), raw_bytes, raw_sha256.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use Math::BigFloat;
use POSIX ();
use Time::Local ();

use constant { MESSAGE_MAX => 1 << 20, RAW_MAX => 256 << 10, DEPTH_MAX => 1024 };

my $utf8_char = qr/[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/;
my $escape = qr/\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4})/;
my $number = qr/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/;

sub is_utf8 {
	my ($bytes) = @_;
	pos($bytes) = 0;
	1 while $bytes =~ /\G(?:[\x00-\x7f]+|$utf8_char)/gc;
	return pos($bytes) == length $bytes;
}

# --- grammar ---------------------------------------------------------------------------------------------------------
# One value of JSON at pos(): a list of its type, begin, end; for an object its members too: [name begin, name end, type, value begin, value end].
# Dies with what is wrong. Without recursion.
sub skip_string {
	my ($t) = @_;
	$$t =~ /\G"/gc or die "string\n";
	1 while $$t =~ /\G(?:[^"\\\x00-\x1f]+|$escape)/gc;
	$$t =~ /\G"/gc or die "string\n";
}

sub scan {
	my ($t) = @_;
	my (@stack, @members, $deepest);
	$deepest = 0;
	pos($$t) = 0;
	$$t =~ /\G[ \t\r\n]*/gc;
	my ($begin, $type, $end) = (pos $$t);
	VALUE: while (1) {
		$$t =~ /\G[ \t\r\n]*/gc;
		my $at = pos $$t;
		my $kind;
		if ($$t =~ /\G([\[{])/gc) {
			push @stack, { open => $1, at => $at };
			$deepest = @stack if @stack > $deepest;
			$$t =~ /\G[ \t\r\n]*/gc;
			if ($$t =~ /\G([\]}])/gc) {
				$1 eq ($stack[-1]{open} eq '[' ? ']' : '}') or die "brackets\n";
				($kind, $at) = ($stack[-1]{open} eq '[' ? 'array' : 'object', $stack[-1]{at});
				pop @stack;
			} else {
				name($t, \@stack) if $stack[-1]{open} eq '{';
				next VALUE;
			}
		}
		elsif ($$t =~ /\G"/) { skip_string($t); $kind = 'string' }
		elsif ($$t =~ /\G$number/gc) { $kind = 'number' }
		elsif ($$t =~ /\G(true|false|null)/gc) { $kind = $1 }
		else { die "value\n" }
		while (1) {    # a value has ended: of what was it a part?
			if (!@stack) { ($type, $end) = ($kind, pos $$t); last VALUE }
			push @members, [@{ $stack[0]{name} }, $kind, $at, pos $$t] if @stack == 1 && $stack[0]{open} eq '{';
			$$t =~ /\G[ \t\r\n]*/gc;
			if ($$t =~ /\G,/gc) { name($t, \@stack) if $stack[-1]{open} eq '{'; next VALUE }
			$$t =~ /\G([\]}])/gc && $1 eq ($stack[-1]{open} eq '[' ? ']' : '}') or die "end\n";
			($kind, $at) = ($stack[-1]{open} eq '[' ? 'array' : 'object', $stack[-1]{at});
			pop @stack;
		}
	}
	$$t =~ /\G[ \t\r\n]*/gc;
	pos($$t) == length $$t or die "behind\n";
	return { type => $type, begin => $begin, end => $end, members => \@members, deepest => $deepest };
}

sub name {
	my ($t, $stack) = @_;
	$$t =~ /\G[ \t\r\n]*/gc;
	my $at = pos $$t;
	skip_string($t);
	$stack->[-1]{name} = [$at + 1, pos($$t) - 1];
	$$t =~ /\G[ \t\r\n]*:/gc or die "colon\n";
}

# A string's content, escapes undone, in UTF-8; a lone surrogate stays an escape, and the second value is 1.
sub unescape {
	my ($s) = @_;
	my %short = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");
	my $lone = 0;
	$s =~ s{\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|(.))}{
		my $code = defined $1 ? 0x10000 + ((hex($1) & 0x3ff) << 10) + (hex($2) & 0x3ff) : defined $3 ? hex $3 : undef;
		if (defined $code && $code >= 0xd800 && $code < 0xe000) { $lone = 1; sprintf '\\u%04x', $code }
		elsif (defined $code) { my $c = chr $code; utf8::encode($c); $c }
		else { $short{$4} // $4 }
	}sge;
	return ($s, $lone);
}

# --- values ----------------------------------------------------------------------------------------------------------
sub exponent { my ($n) = @_; return $n =~ /[eE]([-+]?)0*([0-9]+)/ ? ($1 eq '-' ? -1 : 1) * (length $2 > 9 ? 1e9 : $2) : 0 }
sub is_zero { my ($n) = @_; $n =~ s/[eE].*//s; return $n !~ /[1-9]/ }

sub bad_numeric {    # numeric(18,4)
	my ($n) = @_;
	return 0 if is_zero($n);
	my $e = exponent($n);
	return 1 if abs $e > 1000000;
	(my $mantissa = $n) =~ s/[eE].*//s;
	$mantissa =~ s/^-//;
	my ($whole, $fraction) = $mantissa =~ /^([0-9]*)(?:\.([0-9]*))?$/;
	$fraction //= '';
	my $digits = $whole . $fraction;
	my $power = length($whole) + $e;    # the value is 0.DIGITS * 10^power
	$digits =~ s/^(0*)//;
	$power -= length $1;
	return 1 if $power > 15;
	return 0 if $power < 14;
	return Math::BigFloat->new("0.$digits")->blsft($power, 10)->bfround(-4, 'common') >= Math::BigFloat->new('1e14');
}

sub jsonb_number_fits {
	my ($n) = @_;
	my ($whole, $fraction) = $n =~ /^-?([0-9]+)(?:\.([0-9]+))?/;
	my $e = exponent($n);
	my $scale = length($fraction // '') - $e;
	return 0 if $scale > 16383 || abs $e >= 1e9;
	return 1 if is_zero($n);
	return 0 if abs $e > 1000000;
	my $digits = $whole . ($fraction // '');
	$digits =~ /^(0*)/;
	return length($whole) - length($1) + $e <= 131072;
}

sub jsonb_faults {    # of a text of JSON
	my ($text) = @_;
	my %fault;
	pos($text) = 0;
	while (pos $text < length $text) {
		if ($text =~ /\G"/) {
			my $at = pos $text;
			skip_string(\$text);
			$fault{lone_surrogate} = 1 if (unescape(substr $text, $at + 1, pos($text) - $at - 2))[1];
		}
		elsif ($text =~ /\G($number)/gc) { jsonb_number_fits($1) or @fault{qw(out_of_range refused_by_server)} = (1, 1) }
		else { $text =~ /\G[^"0-9-]+/gc }
	}
	return %fault;
}

sub bad_time {
	my ($s) = @_;
	$s =~ /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[zZ]|([-+])(\d\d):?(\d\d))$/ or return 1;
	my ($year, $month, $day, $hour, $minute, $second, $sign, $zh, $zm) = ($1, $2, $3, $4, $5, $6, $7, $8 // 0, $9 // 0);
	return 1 if $s =~ /\n/ || $year < 1 || $month < 1 || $month > 12 || $day < 1 || $hour > 23 || $minute > 59 || $second > 60
		|| $zh > 23 || $zm > 59;
	my @days = (31, $year % 4 == 0 && ($year % 100 != 0 || $year % 400 == 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);
	return 1 if $day > $days[$month - 1];
	my $minutes = $hour * 60 + $minute - (($sign // '+') eq '-' ? -1 : 1) * ($zh * 60 + $zm) + ($second == 60 ? 1 : 0);
	return 1 if $year == 1 && $month == 1 && $day == 1 && $minutes < 0;
	return 1 if $year == 9999 && $month == 12 && $day == 31 && $minutes >= 1440;
	return 0;
}

# What a column takes: reasons of refusal for the value of that type.
my %column = (
	uuid => sub { my ($type, $s) = @_; $type eq 'string' ? $s =~ /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z/
		? () : 'bad_uuid' : 'wrong_type' },
	time => sub { my ($type, $s) = @_; $type eq 'string' ? bad_time($s) ? 'bad_timestamp' : () : 'wrong_type' },
	text => sub { my ($type, $s) = @_; $type eq 'string' ? (unescape($s))[1] ? 'lone_surrogate' : () : 'wrong_type' },
	bool => sub { my ($type) = @_; $type eq 'true' || $type eq 'false' ? () : 'wrong_type' },
	numeric => sub { my ($type, $s) = @_; $type eq 'number' ? bad_numeric($s) ? 'out_of_range' : () : 'wrong_type' },
	float => sub { my ($type, $s) = @_; $type eq 'number' ? float($s) =~ /inf/i || float($s) == 0 && !is_zero($s)
		? 'out_of_range' : () : 'wrong_type' },
);
sub float { my ($s) = @_; my ($value) = POSIX::strtod($s); return $value }
# name => type, + if it may not be null
my %fact = (transaction_id => '+uuid', transaction_ts => '+time', customer_id => '+uuid', merchant_id => '+uuid',
	amount => '+numeric', currency => '+text', latitude => 'float',
	longitude => 'float', device_id => 'text', payment_method => 'text', is_foreign => '+bool');
my %label = (label_for => '+uuid', label_ts => '+time', is_fraud => '+bool', customer_id => 'uuid', merchant_id => 'uuid',
	transaction_ts => 'time');
my %ruled = (amount => 'number', currency => 'string', latitude => 'number', longitude => 'number',
	is_foreign => 'bool');    # what the rules read
my %verdict = map { $_ => 1 } qw(is_fraud fraud_score fraud_reasons ruleset);

# --- judgement -------------------------------------------------------------------------------------------------------
sub one_line { my ($text) = @_; $text =~ tr/\r\n//d; return $text }

# kconsume's: reasons, or none and the scan.
sub judge_message {
	my ($m) = @_;
	return ['null_payload'] if !defined $m;
	return ['empty_payload'] if $m eq '';
	return ['too_long'] if length $m > MESSAGE_MAX;
	my @reasons;
	push @reasons, 'not_utf8' unless is_utf8($m);
	push @reasons, 'nul' if $m =~ /\0/ || $m =~ /(?<!\\)(?:\\\\)*\\u0000/;
	my $scan = eval { scan(\$m) };
	if (!$scan) { push @reasons, 'not_json'; push @reasons, 'too_deep' if ($m =~ tr/[{//) > DEPTH_MAX }
	elsif ($scan->{deepest} > DEPTH_MAX) { push @reasons, 'too_deep'; push @reasons, 'not_object' if $scan->{type} ne 'object' }
	elsif ($scan->{type} ne 'object') { push @reasons, 'not_object' }
	return \@reasons if @reasons;
	my %seen;
	for my $member (@{ $scan->{members} }) {
		my ($name) = unescape(substr $m, $member->[0], $member->[1] - $member->[0]);
		push @$member, $name;
		push @reasons, 'reserved_name' if $name eq '_kafka' || $name eq '_reject';
		push @reasons, 'duplicate_name' if $seen{$name}++;
	}
	return (\@reasons, $scan);
}

sub value_of { my ($m, $member) = @_; my $quote = $member->[2] eq 'string'; return substr $m, $member->[3] + $quote, $member->[4] - $member->[3] - 2 * $quote }

sub judge_rules {
	my ($m, $members) = @_;
	my @reasons;
	for my $member (@$members) {
		my $want = $ruled{ $member->[5] } or next;
		my $type = $member->[2] =~ /^(?:true|false)$/ ? 'bool' : $member->[2];
		next if $type eq 'null';
		if ($type ne $want) { push @reasons, 'wrong_type' }
		elsif ($type eq 'number') { push @reasons, 'out_of_range' if float(value_of($m, $member)) =~ /inf/i }
		elsif ($type eq 'string') { push @reasons, 'wrong_type' if (unescape(value_of($m, $member)))[1] }
	}
	return @reasons;
}

sub judge_columns {
	my ($m, $members, $columns) = @_;
	my %reason;
	my %missing = map { $_ => 1 } grep { $columns->{$_} =~ /^\+/ } keys %$columns;
	for my $member (@$members) {
		my $column = $columns->{ $member->[5] };
		if (!defined $column) {
			my $begin = $member->[0] - 1;
			%reason = (%reason, jsonb_faults(substr $m, $begin, $member->[4] - $begin));
			next;
		}
		next if $member->[2] eq 'null';
		delete $missing{ $member->[5] };
		$reason{$_} = 1 for $column{ $column =~ s/^\+//r }->($member->[2], value_of($m, $member));
	}
	$reason{missing_column} = 1 if %missing;
	return sort keys %reason;
}

# The record without its verdict, up to where fraudcheck puts its own.
sub before_verdict {
	my ($m, $scan) = @_;
	return '{' if !@{ $scan->{members} };    # of white space between the braces nothing stays
	my $kept = grep { !$verdict{ $_->[5] } } @{ $scan->{members} };
	return one_line(substr $m, $scan->{begin}, $scan->{end} - $scan->{begin} - 1) . ($kept ? ',' : '') if $kept == @{ $scan->{members} };
	my ($text, $from) = ('{', undef);
	for my $member (grep { !$verdict{ $_->[5] } } @{ $scan->{members} }) {
		my $begin = $member->[0] - 1;
		$text .= ($text eq '{' ? '' : ',') . substr $m, $begin, $member->[4] - $begin;
	}
	return one_line($text) . ($kept ? ',' : '');
}

# In a dead letter a message of more than 256 KiB is cut, where it is text not within a character.
sub cut {
	my ($m) = @_;
	return ($m, undef, undef) if !defined $m || length $m <= RAW_MAX;
	my $head = substr $m, 0, RAW_MAX;
	for my $back (0 .. 3) {
		my $shorter = substr $head, 0, RAW_MAX - $back;
		return ($shorter, length $m, sha256_hex($m)) if is_utf8($shorter) && $shorter !~ /\0/;
	}
	return ($head, length $m, sha256_hex($m));
}

sub judge {
	my ($m) = @_;
	my ($reasons, $scan) = judge_message($m);
	return ('dead', 'kconsume', $reasons, cut($m)) if @$reasons;
	my @members = @{ $scan->{members} };
	my ($for) = grep { $_->[5] eq 'label_for' && $_->[2] ne 'null' } @members;
	my $record = one_line(substr $m, $scan->{begin}, $scan->{end} - $scan->{begin});
	if ($for) {
		my @wrong = judge_columns($m, \@members, \%label);
		return @wrong ? ('dead', 'pgload', \@wrong, $record) : ('label', '', [], $record);
	}
	my @wrong = judge_rules($m, \@members);
	return ('dead', 'fraudcheck', \@wrong, cut($record)) if @wrong;
	my @others = grep { !$verdict{ $_->[5] } } @members;
	@wrong = judge_columns($m, \@others, \%fact);
	return (@wrong ? 'dead' : 'row', @wrong ? 'pgload' : '', \@wrong, before_verdict($m, $scan));
}

# --- frames ----------------------------------------------------------------------------------------------------------
sub bytes { my ($hex) = @_; return $hex eq '-' ? undef : $hex eq '.' ? '' : pack 'H*', $hex }
sub bytea { my ($bytes) = @_; return defined $bytes ? '\\\\x' . unpack 'H*', $bytes : '\N' }

my %refused = map { $_ => 1 } qw(trigger check exclusion vanished);    # the bytes do not tell
my %offset;
while (my $line = <STDIN>) {
	chomp $line;
	my ($kind, $expect, $partition, undef, $payload) = split / /, $line;
	my $m = bytes($payload);
	my ($class, $by, $reasons, $raw, $raw_bytes, $sha256) = judge($m);
	($class, $by, $reasons) = ('refused', 'pgload', [$expect =~ /:(.*)/]) if $refused{$kind} && $class eq 'row';
	# generator and oracle must agree, or one of them is wrong
	my $said = $class =~ /^(?:dead|refused)$/ ? "$by:" : $class;
	my ($tool, $reason) = $expect =~ /^(\w+:)(.*)/;
	$expect eq '?' || $expect eq $class || defined $tool && $tool eq $said && ($reason eq '*' || grep { $_ eq $reason } @$reasons)
		or die "line $.: $kind should be $expect, the oracle says $said@$reasons: ", substr($m // '-', 0, 300), "\n";
	my $offset = $offset{$partition}++;
	print join("\t", $partition, $offset, $kind, $class, $by, '{' . join(',', @$reasons) . '}', bytea($m), bytea($raw),
		$raw_bytes // '\N', $sha256 // '\N'), "\n";
}
