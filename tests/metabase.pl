#!/usr/bin/perl
# As much of Metabase's API as scripts/metabase uses, strict about what it is sent. For tests/tools/metabase.t:
#     metabase.pl PORTFILE STATEFILE
# What is there is written to STATEFILE as JSON after each change; a line for each request goes to stdout.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;

my ($portfile, $statefile) = @ARGV;
my $json = JSON::PP->new->canonical->utf8->allow_nonref;
my %is = (admin => undef, database => {}, collection => {}, card => {}, dashboard => {});
my ($token, $session, $last_id, $starting) = ("token-$$", undef, 0, 2);

package Refused { sub now { die { code => $_[0], body => $_[1] } } }

# has(BODY, NAME => TYPE, ...): exactly these members, of these types; a ? on the name: may be left out.
sub has {
	my ($body, %members) = @_;
	Refused::now(400, "not an object") unless ref $body eq 'HASH';
	my %known = map { (s/\?$//r => $members{$_}) } keys %members;
	my %optional = map { (s/\?$//r => scalar(/\?$/)) } keys %members;
	for my $name (keys %$body) { Refused::now(400, "$name: unknown") unless $known{$name} }
	for my $name (keys %known) {
		if (!exists $body->{$name}) { next if $optional{$name}; Refused::now(400, "$name: missing") }
		my ($value, $type) = ($body->{$name}, $known{$name});
		my $text = $json->encode($value);
		my $good = $type eq 'text' ? $text =~ /^"./ && $text ne '""' : $type eq 'number' ? $text =~ /^-?\d+$/
			: $type eq 'boolean' ? $text =~ /^(true|false)$/ : $type eq 'list' ? ref $value eq 'ARRAY' : ref $value eq 'HASH';
		Refused::now(400, "$name: not a $type: $text") unless $good;
	}
}

sub card {
	my $c = shift;
	has($c, name => 'text', description => 'text', display => 'text', collection_id => 'number', type => 'text', dataset_query => 'object',
		visualization_settings => 'object');
	Refused::now(400, "display: $c->{display}") unless $c->{display} =~ /^(table|line|bar|row|area|pie|scalar)$/;
	has($c->{dataset_query}, type => 'text', database => 'number', native => 'object');
	has($c->{dataset_query}{native}, query => 'text', 'template-tags' => 'object');
	Refused::now(404, 'no such database') unless $is{database}{ $c->{dataset_query}{database} };
	Refused::now(404, 'no such collection') unless $is{collection}{ $c->{collection_id} };
	$c->{dataset_query} = { %{ $c->{dataset_query} } };
	return $c;
}

sub database {
	my $d = shift;
	has($d, name => 'text', engine => 'text', is_full_sync => 'boolean', details => 'object');
	has($d->{details}, host => 'text', port => 'number', dbname => 'text', user => 'text', password => 'text', ssl => 'boolean', 'schema-filters-type' => 'text');
	return $d;
}

sub board {
	my ($id, $b) = @_;
	has($b, tabs => 'list', dashcards => 'list');
	my @kept;
	for my $c (@{ $b->{dashcards} }) {
		for (qw(id card_id row col size_x size_y)) { Refused::now(400, "dashcard: no $_") unless defined $c->{$_} && $json->encode($c->{$_}) =~ /^-?\d+$/ }
		Refused::now(400, 'off the grid') if $c->{col} + $c->{size_x} > 24;
		Refused::now(404, 'no such card') unless $is{card}{ $c->{card_id} };
		my ($old) = grep { $_->{id} == $c->{id} } @{ $is{dashboard}{$id}{dashcards} };
		Refused::now(400, 'no such dashcard') if $c->{id} >= 0 && !$old;
		Refused::now(400, 'one id twice') if grep { ($_->{given} // 0) == $c->{id} } @kept;
		push @kept, { %$c, given => $c->{id}, id => $old ? $c->{id} : ++$last_id };
	}
	delete $_->{given} for @kept;
	$is{dashboard}{$id}{dashcards} = \@kept;
}

sub created { my ($kind, $it) = @_; $it->{id} = ++$last_id; $is{$kind}{$last_id} = $it; return $it }
sub listed { my $kind = shift; return [map { $is{$kind}{$_} } sort { $a <=> $b } keys %{ $is{$kind} }] }

sub answer {
	my ($method, $path, $headers, $body) = @_;
	my $to = "$method $path";
	if ($to eq 'GET /api/health') { Refused::now(503, '{"status":"initializing"}') if $starting-- > 0; return { status => 'ok' } }
	Refused::now(400, 'not JSON') if $method ne 'GET' && ($headers->{'content-type'} // '') ne 'application/json';
	return { 'has-user-setup' => defined $is{admin} ? JSON::PP::true : JSON::PP::false, 'setup-token' => $token } if $to eq 'GET /api/session/properties';
	if ($to eq 'POST /api/setup') {
		has($body, token => 'text', user => 'object', prefs => 'object');
		has($body->{user}, first_name => 'text', last_name => 'text', email => 'text', password => 'text', site_name => 'text');
		has($body->{prefs}, site_name => 'text', site_locale => 'text', allow_tracking => 'boolean');
		Refused::now(403, 'The /api/setup route can only be used to create the first user') if defined $is{admin};
		Refused::now(400, 'wrong token') if $body->{token} ne $token;
		Refused::now(400, '{"errors":{"password":"password is too common."}}') if $body->{user}{password} !~ /\d/;
		$is{admin} = { email => $body->{user}{email}, password => $body->{user}{password} };
		return { id => 'first' };
	}
	if ($to eq 'POST /api/session') {
		has($body, username => 'text', password => 'text');
		Refused::now(401, '{"errors":{"password":"did not match stored password"}}')
			unless $is{admin} && $is{admin}{email} eq $body->{username} && $is{admin}{password} eq $body->{password};
		$session = "session-" . ++$last_id;
		return { id => $session };
	}
	Refused::now(401, 'Unauthenticated') unless defined $session && ($headers->{'x-metabase-session'} // '') eq $session;
	return { data => listed('database'), total => scalar keys %{ $is{database} } } if $to eq 'GET /api/database';
	return created(database => database($body)) if $to eq 'POST /api/database';
	if ($to =~ m{^POST /api/database/(\d+)/sync_schema$} && $is{database}{$1}) { $is{database}{$1}{synced}++; return { status => 'ok' } }
	return [{ id => 'root', name => 'Our analytics' }, @{ listed('collection') }] if $to eq 'GET /api/collection';
	if ($to eq 'POST /api/collection') { has($body, name => 'text', description => 'text'); return created(collection => $body) }
	if ($to =~ m{^GET /api/collection/(\d+)/items\?models=(card|dashboard)$} && $is{collection}{$1}) {
		return { data => [map { { id => $_->{id}, name => $_->{name}, model => $2 } } grep { $_->{collection_id} == $1 } @{ listed($2) }] };
	}
	return created(card => card($body)) if $to eq 'POST /api/card';
	if ($to eq 'POST /api/dashboard') {
		has($body, name => 'text', description => 'text', collection_id => 'number');
		return created(dashboard => { %$body, dashcards => [] });
	}
	if ($to =~ m{^(GET|PUT) /api/(database|card|dashboard)/(\d+)$} && $is{$2}{$3}) {
		my ($what, $kind, $id) = ($1, $2, $3);
		if ($what eq 'GET') {
			my $it = $is{$kind}{$id};
			return $it if $kind ne 'dashboard';
			return { %$it, dashcards => [map { { %$_, card => $is{card}{ $_->{card_id} } } } @{ $it->{dashcards} }] };
		}
		if ($kind eq 'dashboard') { board($id, $body) }
		else { my $new = $kind eq 'card' ? card($body) : database($body); $is{$kind}{$id} = { %{ $is{$kind}{$id} }, %$new, id => $id + 0 } }
		return $is{$kind}{$id};
	}
	Refused::now(404, 'API endpoint does not exist.');
}

sub kept { open my $f, '>', "$statefile.new" or die "$statefile: $!"; print {$f} $json->encode(\%is); close $f; rename "$statefile.new", $statefile }

my $server = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die "cannot listen: $!\n";
kept();
open my $f, '>', "$portfile.new" or die "$portfile: $!";
print {$f} $server->sockport, "\n";
close $f;
rename "$portfile.new", $portfile;
$| = 1;
while (my $client = $server->accept) {
	my ($method, $path) = split ' ', scalar(<$client>) // '';
	my (%headers, $body);
	while (defined(my $line = <$client>)) {
		last if $line =~ /^\r?\n$/;
		$headers{ lc $1 } = $2 if $line =~ /^([^:]+):\s*(.*?)\r?\n$/;
	}
	next unless defined $path;
	read $client, $body, $headers{'content-length'} if $headers{'content-length'};
	my $got = eval { answer($method, $path, \%headers, defined $body && length $body ? $json->decode($body) : undef) };
	my ($code, $text) = $@ ? ref $@ ? ($@->{code}, $@->{body}) : (500, "$@") : (200, $json->encode($got));
	kept() if $method ne 'GET';
	print "$code $method $path\n";
	print {$client} "HTTP/1.1 $code X\r\nContent-Type: application/json\r\nContent-Length: " . length($text) . "\r\nConnection: close\r\n\r\n$text";
	close $client;
}
