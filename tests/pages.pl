#!/usr/bin/perl
# What can be said of Markdown pages without reading them. pages.pl COMMAND FILE..., from the top of the source tree:
#   links      relative links and anchors that lead nowhere
#   files      files of the source tree, or modules (without .c), that a page names in code, and that are not there; make targets, too
#   options    options that a page gives to a tool that does not have them (OPTIONS: a file of lines "TOOL --option")
#   shape      the headings' levels, code blocks, pictures and links, and what stands in code in tables' first cells: what two
#              languages of one page must agree in
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use File::Basename qw(dirname);
use Cwd qw(abs_path);

my ($command, @pages) = @ARGV;
my $top = abs_path('.');

# The lines of a page: [number, line, whether it is inside of a code block]; fences themselves are inside.
sub lines_of {
	my ($page) = @_;
	open my $in, '<', $page or die "$page: $!\n";
	my (@lines, $fence);
	while (my $line = <$in>) {
		chomp $line;
		my $marker = $line =~ /^\s*(```+|~~~+)/ ? $1 : '';
		my $was = defined $fence;
		if (!$was && $marker) { $fence = $marker }
		elsif ($was && $marker && index($marker, $fence) == 0 && $line =~ /^\s*[`~]+\s*$/) { undef $fence }
		push @lines, [$., $line, $was || defined $fence];
	}
	die "$page: a code block is not closed\n" if defined $fence;
	return @lines;
}

# Anchors as GitHub makes them.
my %anchors;
sub anchors_of {
	my ($page) = @_;
	return $anchors{$page} if $anchors{$page};
	my (%seen, %found);
	for (grep { !$_->[2] && $_->[1] =~ /^#+ / } lines_of($page)) {
		(my $text = $_->[1]) =~ s/^#+ +//;
		$text =~ s/\[([^]]*)\]\([^)]*\)/$1/g;
		$text = lc $text;
		$text =~ s/[^\w\- ]//g;
		$text =~ tr/ /-/;
		my $name = $seen{$text}++ ? "$text-" . ($seen{$text} - 1) : $text;
		$found{$name} = 1;
	}
	return $anchors{$page} = \%found;
}

sub without_code { my ($line) = @_; $line =~ s/(`+).*?\1//g; return $line }

sub targets_of {
	my ($line) = @_;
	$line = without_code($line);
	return ($line =~ /\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g, $line =~ /\b(?:src|srcset|href)="([^"]+)"/g);
}

sub links {
	my ($page) = @_;
	for (grep { !$_->[2] } lines_of($page)) {
		my ($number, $line) = @$_;
		for my $target (targets_of($line)) {
			next if $target =~ m{^[a-z]+:};
			my ($file, $anchor) = $target =~ /^([^#]*)(?:#(.*))?$/;
			my $path = $file eq '' ? $page : dirname($page) . "/$file";
			my $real = -e $path ? abs_path($path) : undef;
			if (!$real) { print "$page:$number: $target: there is no such file\n" }
			elsif (index("$real/", "$top/") != 0) { print "$page:$number: $target: outside of the source tree\n" }
			elsif (defined $anchor && !anchors_of($path)->{$anchor}) { print "$page:$number: $target: there is no such heading\n" }
		}
	}
}

# Code of a page: [number, text] of each span and of each line of a block.
sub code_of {
	my ($page) = @_;
	my @code;
	for (lines_of($page)) {
		my ($number, $line, $inside) = @$_;
		if ($inside) { push @code, [$number, $line]; next }
		push @code, [$number, $1] while $line =~ /`([^`]+)`/g;
	}
	return @code;
}

my $places = join '|', qw(aggregate dashboard deploy docs fraudcheck kcat-like lib pgload producer scripts tests);
sub files {
	my ($page) = @_;
	open my $in, '<', 'Makefile' or die "Makefile: $!\n";
	my %target;
	while (<$in>) { $target{$_} = 1 for /^([\w -]+):(?!=)/ ? split ' ', $1 : () }
	for (code_of($page)) {
		my ($number, $text) = @$_;
		while ($text =~ m{(?<![\w./~-])((?:$places)/[\w./*-]*[\w*])}g) {
			my $file = $1;
			print "$page:$number: $file: not there\n" unless -e $file || -e "$file.c" || $file =~ /\*\*/ || $file =~ /\*/ && glob $file;
		}
		while ($text =~ /(?:^|[;&|]\s*)make ([a-z][\w-]*)/g) {
			print "$page:$number: make $1: there is no such target\n" unless $target{$1};
		}
	}
}

sub options {
	my ($page) = @_;
	open my $in, '<', $ENV{OPTIONS} or die "OPTIONS: $!\n";
	my (%has, %tool);
	while (<$in>) { chomp; $has{$_} = 1; $tool{$1} = 1 if /^(\w+) / }
	my $tools = join '|', sort keys %tool;
	for (code_of($page)) {
		my ($number, $text) = @$_;
		$text =~ s/'[^']*'|"[^"]*"/"/g;
		for my $part (split /[|;&<>()#]+/, $text) {
			next unless $part =~ m{(?:^|[\s/=])($tools)\s(.*)};
			my ($tool, $words) = ($1, $2);
			while ($words =~ /(?:^|\s)(--[a-z][\w-]*)/g) {
				print "$page:$number: $tool $1: there is no such option\n" unless $has{"$tool $1"};
			}
		}
	}
}

sub shape {
	my ($page) = @_;
	for (lines_of($page)) {
		my ($number, $line, $inside) = @$_;
		if ($inside) { print "code: $line\n"; next }
		print "run: $1\n" if $line =~ /^<!-- (.*) -->$/;
		print "heading: $1\n" if $line =~ /^(#+) /;
		if ($line =~ /^\|([^|]*)\|/) {
			my $cell = $1;
			print 'row:', (map { " $_" } $cell =~ /`([^`]+)`/g), "\n";
		}
		print "picture: $1\n" while $line =~ /(?:!\[[^]]*\]\(|src(?:set)?=")([^)"]+)/g;
		for (targets_of($line)) { print "link: $_\n" unless /^#|^README|\.(?:svg|png)$/ }
	}
}

my %commands = (links => \&links, files => \&files, options => \&options, shape => \&shape);
die "usage: pages.pl links|files|options|shape PAGE...\n" unless $command && $commands{$command} && @pages;
$commands{$command}->($_) for @pages;
