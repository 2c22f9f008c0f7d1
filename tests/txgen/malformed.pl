#!/usr/bin/perl
# malformed.pl KIND < lines
# Good lines and lines of that kind in turn: dies at the first that is not what it should be, prints how many of the
# kind there were. An independent reader: JSON::PP is strict about grammar and UTF-8.
use strict;
use warnings;
use Encode ();
use JSON::PP;

my $json = JSON::PP->new->utf8;
my $any = JSON::PP->new->utf8->allow_nonref;
my @names = qw(transaction_id transaction_ts customer_id merchant_id amount currency latitude longitude device_id
	payment_method is_foreign);
my @needed = qw(transaction_id transaction_ts customer_id merchant_id amount currency is_foreign);
my $value = qr/"(?:[^"\\]|\\.)*"|[^",{}\[\]]+|\{[^{}]*\}|\[[^\[\]]*\]/;
my $uuid = qr/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
my $not_number = qr/-?Infinity|NaN|nan|1e|\.5|\+1|01|0x10/;
my %original;    # id -> the line, the line without its amount

sub decode { return scalar eval { $json->decode($_[0]) } }

# The top-level names, unescaped; members hold no deeper nesting than one level.
sub names {
	my ($line) = @_;
	my @found;
	push @found, $any->decode($1) while $line =~ /\G[{,]("(?:[^"\\]|\\.)*"):$value/gc;
	return @found;
}

sub named { my ($line, $name) = @_; return scalar grep { $_ eq $name } names($line) }

sub good {
	my ($line) = @_;
	my $o = decode($line) or return 0;
	return "@{[names($line)]}" eq "@names"
		&& $line =~ /"amount":[0-9.]+,"currency":"[A-Z]{3}","latitude":[-0-9.]+,"longitude":[-0-9.]+,"/
		&& $line =~ /"is_foreign":(?:true|false)\}$/
		&& 3 == grep({ !ref $o->{$_} && $o->{$_} =~ $uuid } qw(transaction_id customer_id merchant_id))
		&& $line =~ /"transaction_ts":"[-0-9]{10}T/;
}

sub without_amount { my ($line) = @_; $line =~ s/"amount":[^,]+,//; return $line }

sub valid_time {
	my ($text) = @_;
	return 0 unless $text =~ /^\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):\d\dZ$/;
	return $1 <= 12 && !($1 == 2 && $2 > 29) && $3 < 24 && $4 < 60;
}

my %is = (
	torn => sub { !decode($_[0]) && $_[0] =~ /^\{"/ && $_[0] !~ /\}$/ },
	trailing_text => sub { !decode($_[0]) && $_[0] =~ /^(\{.*?\})./ && good($1) },
	not_a_number => sub {
		my ($line) = @_;
		!decode($line)
			&& $line =~ s/("(?:amount|latitude|longitude)":)$not_number([,}])/${1}1$2/
			&& good($line);
	},
	not_object => sub { my $o = eval { $any->decode($_[0]) }; !$@ && ref $o ne 'HASH' },
	not_utf8 => sub { my $copy = $_[0]; !eval { Encode::decode('UTF-8', $copy, Encode::FB_CROAK); 1 } },
	nul_escaped => sub { decode($_[0]) && $_[0] =~ /\\u0000/ && $_[0] !~ /\0/ },
	nul_raw => sub { my ($line) = @_; $line =~ s/\0//g == 1 && good($line) },
	wrong_type => sub { decode($_[0]) && !good($_[0]) && "@{[names($_[0])]}" eq "@names" },
	missing_member => sub { my $o = decode($_[0]); 1 == grep { !defined $o->{$_} } @needed },
	bad_uuid => sub {
		my $o = decode($_[0]);
		1 == grep { $o->{$_} !~ $uuid } qw(transaction_id customer_id merchant_id);
	},
	bad_time => sub { my $o = decode($_[0]); !valid_time($o->{transaction_ts}) },
	amount_too_large => sub {
		decode($_[0]) && $_[0] =~ /"amount":-?(?:\d{15,}(?:\.\d+)?|99999999999999\.99995|1e30|1E\+400),/;
	},
	duplicate_name => sub { my %n; $n{$_}++ for names($_[0]); decode($_[0]) && 1 == grep { $_ > 1 } values %n },
	forged_kafka => sub { $_[0] =~ /,"_kafka":/ && decode($_[0]) && named($_[0], '_kafka') == 1 },
	forged_kafka_escaped => sub { $_[0] !~ /"_kafka":/ && decode($_[0]) && named($_[0], '_kafka') == 1 },
	forged_reject => sub { $_[0] !~ /^\{"_reject"/ && decode($_[0]) && named($_[0], '_reject') == 1 },
	conflicting_duplicate => sub {
		my $first = $original{ decode($_[0])->{transaction_id} };
		$first && $_[0] ne $first->[0] && without_amount($_[0]) eq $first->[1];
	},
	over_long => sub { length $_[0] == 2162689 && decode($_[0]) },
);

my $kind = shift;
my $count = 0;
while (my $line = <STDIN>) {
	chomp $line or die "line $.: no newline\n";
	if ($. % 2 == 1) {
		good($line) or die "line $. should be good: $line\n";
		$original{ decode($line)->{transaction_id} } = [$line, without_amount($line)];
	} else {
		$is{$kind}->($line) or die "line $. is not $kind: ", substr($line, 0, 600), "\n";
		$count++;
	}
}
print "$count\n";
