#!/usr/bin/perl
# What an operator does to topics: admin.pl HOST:PORT delete TOPIC | widen TOPIC PARTITIONS | trim TOPIC PARTITION OFFSET | committed TOPIC PARTITION GROUP
# Returns when clients see it. `trim` moves the log's first offset, as retention does. `committed` prints the
# offset that Kafka keeps for a group.
use strict;
use warnings;
use IO::Socket::INET;

my ($address, $command, $topic, @numbers) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => $address, Timeout => 10, Proto => 'tcp') or die "no connection: $!\n";
binmode $s;
$s->autoflush(1);
alarm 30;

sub text { pack('n/a*', $_[0]) }

sub ask {
	my ($key, $version, $body) = @_;
	print {$s} pack('N/a*', pack('n n N', $key, $version, 1) . text('txpipe') . $body);
	(read($s, my $size, 4) // 0) == 4 or die "the broker closed the connection\n";
	(read($s, my $answer, unpack('N', $size)) // 0) == unpack('N', $size) or die "the broker closed the connection\n";
	return $answer;
}

# Error of the topic and errors of its partitions (Metadata v0).
sub metadata {
	return unpack('x4 N/(x4 n/(x) x4) x4 n n/(x) N/(n x8 N/(x4) N/(x4))', ask(3, 0, pack('N', 1) . text($topic)));
}

sub until_seen {
	my ($holds) = @_;
	for (1 .. 200) {
		return if $holds->(metadata());
		select undef, undef, undef, 0.05;
	}
	die "clients do not see it after 10 s\n";
}

my $error;
if ($command eq 'delete') {
	($error) = unpack('x12 n/(x) n', ask(20, 1, pack('N', 1) . text($topic) . pack('N', 20000)));
	until_seen(sub { $_[0] == 3 }) if $error == 0;
} elsif ($command eq 'widen') {
	my $count = $numbers[0];
	($error) = unpack('x12 n/(x) n', ask(37, 0, pack('N', 1) . text($topic) . pack('N N', $count, 0xffffffff) . pack('N C', 20000, 0)));
	until_seen(sub { my ($unknown, @errors) = @_; $unknown == 0 && @errors == $count && !grep { $_ != 0 } @errors }) if $error == 0;
} elsif ($command eq 'trim') {
	my ($partition, $offset) = @numbers;
	($error) = unpack('x12 n/(x) x4 x4 x8 n',
		ask(21, 0, pack('N', 1) . text($topic) . pack('N N q>', 1, $partition, $offset) . pack('N', 20000)));
} elsif ($command eq 'committed') {
	my ($partition, $group) = @numbers;
	(my $offset, $error) = unpack('x8 n/(x) x4 x4 q> n/(x) n', ask(9, 1, text($group) . pack('N', 1) . text($topic) . pack('N N', 1, $partition)));
	print "$offset\n";
} else {
	die "unknown command $command\n";
}
die "$command $topic: error $error\n" if $error != 0;
