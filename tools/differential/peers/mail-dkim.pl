#!/usr/bin/perl
# Verifies DKIM signatures with Mail::DKIM over keys given with each case: NDJSON in, NDJSON out. Exit 3: Mail::DKIM is
# missing.
# In:  {"id", "message" (base64), "now" (seconds), "keys" {name: text, one octet a character}, "signatures" (how many)}
# Out: {"id", "results": [{"result": "pass" | "no-pass", "why"}]}, signatures from the top; those that it does not even
#      list are "no-pass".
use strict;
use warnings;

our $now;

BEGIN {
    # Expiration is held against the time of the case.
    *CORE::GLOBAL::time = sub { return defined $now ? $now : CORE::time() };
    eval { require Mail::DKIM::Verifier; require JSON::PP; require MIME::Base64; require Net::DNS; 1 } or exit 3;
}

our %keys;

{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my ($name, $type) = @_;
        $@ = 'NXDOMAIN';
        my $text = $keys{ lc $name };
        return () if not defined $text;
        my @strings = $text =~ /(.{1,255})/gs;
        return (KeyRecord->new(@strings));
    };
}

package KeyRecord;
sub new { my ($class, @strings) = @_; return bless { strings => [@strings] }, $class }
sub type { 'TXT' }
sub txtdata { @{ $_[0]{strings} } }

package main;

my $json = JSON::PP->new->latin1;
while (my $line = <STDIN>) {
    my $case = $json->decode($line);
    $now = $case->{now};
    %keys = map { lc $_ => $case->{keys}{$_} } keys %{ $case->{keys} };
    my $message = MIME::Base64::decode_base64($case->{message});
    my $verifier = Mail::DKIM::Verifier->new(Strict => 1);
    my @found;
    my $done = eval {
        local $SIG{__WARN__} = sub { };
        $verifier->PRINT($message);
        $verifier->CLOSE;
        @found = $verifier->signatures;
        1;
    };
    my @results = map { my $result = $_->result // ''; {
        result => $result eq 'pass' ? 'pass' : 'no-pass',
        why => $_->result_detail // '',
        b => $_->data // '',
    } } @found;
    push @results, { result => 'no-pass', why => 'crash: ' . substr($@ // '', 0, 200), b => '' } if not $done;
    print $json->encode({ id => $case->{id}, results => [@results] }), "\n";
}
