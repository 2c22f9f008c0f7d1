#!/usr/bin/perl
# Lines of txgen to frames for `produce`, as a topic of 4 partitions keyed by customer that was written as things happened: the Kafka time of a
# message is the latest event time so far. One partition is silent from one event time to another and then receives at once what it missed.
# usage: windows_frames.pl DIR SILENT FROM UNTIL
# In the backlog, twice (after an eighth and after five eighths), the stream stops: DIR/stopN then holds the offset reached, and DIR/goN lets it go on.
use strict;
use warnings;
use Time::Local 'timegm';

my ($dir, $silent, $from, $until) = @ARGV;
my ($now, @backlog) = (0);
my @offset = (0) x 4;
$| = 1;

sub milliseconds { $_[0] =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/ ? 1000 * timegm($6, $5, $4, $3, $2 - 1, $1) + $7 : 0 }

sub send_frame {
	my ($partition, $customer, $line) = @_;
	printf "x x %d@%d %s %s\n", $partition, $now, $customer ne '' ? unpack('H*', $customer) : '-', unpack('H*', $line);
	$offset[$partition]++;
}

sub stop_and_wait {
	my ($n) = @_;
	open my $f, '>', "$dir/stop$n.new" or die;
	print $f "$offset[$silent]\n";
	close $f;
	rename "$dir/stop$n.new", "$dir/stop$n" or die;
	select undef, undef, undef, 0.05 until -e "$dir/go$n";
}

sub release {
	my ($n, $all) = (0, scalar @backlog);
	for (@backlog) {
		send_frame($silent, @$_);
		$n++;
		stop_and_wait(1) if $n == int($all / 8);
		stop_and_wait(2) if $n == int($all * 5 / 8);
	}
	@backlog = ();
}

($from, $until) = map { milliseconds($_) } $from, $until;
while (my $line = <STDIN>) {
	chomp $line;
	my ($customer) = $line =~ /"customer_id":"([0-9a-f-]{36})"/;
	my ($time) = $line =~ /^\{"(?:label_for|transaction_id)":"[^"]*","(?:label|transaction)_ts":"([^"]*)"/;
	my $ms = milliseconds($time // '');
	$now = $ms if $ms > $now;
	my $partition = $customer ? hex(substr $customer, 0, 4) % 4 : 0;
	if ($partition == $silent && $now >= $from && $now < $until) {
		push @backlog, [$customer // '', $line];
		next;
	}
	release() if @backlog && $now >= $until;
	send_frame($partition, $customer // '', $line);
}
