#!/usr/bin/perl
# records.pl CUSTOMERS MERCHANTS CURRENCIES < records
# Each line must be a well-formed transaction of that population; dies at the first that is not. Prints counts as JSON.
# An independent reader: JSON::PP is strict about grammar and UTF-8.
use strict;
use warnings;
no warnings 'portable';    # 48 bits of milliseconds
use JSON::PP;
use Time::Local;

my $json = JSON::PP->new->utf8->canonical;

sub table {
	my ($file, $key) = @_;
	my %table;
	open my $in, '<', $file or die "$file: $!\n";
	while (<$in>) {
		my $row = $json->decode($_);
		$table{ $row->{$key} } = $row;
	}
	return \%table;
}

my $customers = table($ARGV[0], 'customer_id');
my $merchants = table($ARGV[1], 'merchant_id');
my $currencies = table($ARGV[2], 'currency');
my @names = qw(transaction_id transaction_ts customer_id merchant_id amount currency latitude longitude device_id
	payment_method is_foreign);
my $members = join '":[^,]+,"', @names;
my %money = qw(US USD KR KRW DE EUR GB GBP FR EUR JP JPY IN INR BR BRL CA CAD CN CNY AU AUD MX MXN CH CHF SG SGD);
my %count = map { $_ => 0 } qw(records high_amount foreign bad_location back exact_3000_usd on_edge);
my $hex = '[0-9a-f]';
my $degrees = '-?(?:0|[1-9]\d*)\.\d{5}';
my (%seen, $last, $line);

sub wrong { die "line $.: $_[0]: $line" }

while ($line = <STDIN>) {
	my $o = $json->decode($line);
	$line =~ /^\{"$members":[^,]+\}\n$/ or wrong('members, or their order');

	$o->{transaction_id} =~ /^($hex{8})-($hex{4})-7$hex{3}-[89ab]$hex{3}-$hex{12}$/ or wrong('not a version 7 id');
	my $ms = hex "$1$2";
	$o->{transaction_ts} =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/ or wrong('time');
	$ms == timegm($6, $5, $4, $3, $2 - 1, $1) * 1000 + $7 or wrong('id and time differ');
	$seen{ $o->{transaction_id} }++ and wrong('the id comes twice');
	$count{back}++ if defined $last && $ms < $last;
	$last = $ms;

	my $c = $customers->{ $o->{customer_id} } or wrong('no such customer');
	my $m = $merchants->{ $o->{merchant_id} } or wrong('no such merchant');
	my $foreign = $c->{home_country} ne $m->{country};
	JSON::PP::is_bool($o->{is_foreign}) && !!$o->{is_foreign} eq $foreign or wrong('is_foreign');
	$o->{currency} eq $money{ $m->{country} } or wrong('not the currency of the merchant');
	my $decimals = $o->{currency} =~ /KRW|JPY/ ? '' : '\.\d\d';
	$line =~ /"amount":(?:0|[1-9]\d*)$decimals,/ && $o->{amount} > 0 or wrong('amount');
	$line =~ /"latitude":$degrees,"longitude":$degrees,/ or wrong('place');
	$o->{device_id} =~ /^dev-$hex{16}$/ or wrong('device');
	$o->{payment_method} =~ /^(credit_card|debit_card|apple_pay|google_pay|bank_transfer)$/
		or wrong('payment method');

	my ($latitude, $longitude) = (abs $o->{latitude}, abs $o->{longitude});
	$count{records}++;
	$count{foreign} += $foreign;
	$count{high_amount} += $o->{amount} / $currencies->{ $o->{currency} }{units_per_base} > 3000;
	$count{bad_location} += $latitude > 90 || $longitude > 180;
	$count{on_edge} += $latitude == 90 || $longitude == 180;
	$count{exact_3000_usd}++ if $line =~ /"amount":3000.00,"currency":"USD"/;
}
print $json->encode(\%count), "\n";
