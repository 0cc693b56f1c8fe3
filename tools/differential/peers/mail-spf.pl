#!/usr/bin/perl
# Evaluates SPF cases with Mail::SPF over zones given with them: NDJSON in, NDJSON out. Exit 3: Mail::SPF is missing.
use strict;
use warnings;

BEGIN {
    eval { require Mail::SPF; require JSON::PP; 1 } or exit 3;
}

# What Net::DNS would have answered, as far as Mail::SPF looks at it.
package ZoneRecord;
sub new { my ($class, %fields) = @_; return bless {%fields}, $class }
sub type { $_[0]{type} }
sub name { $_[0]{name} }
sub address { $_[0]{value} }
sub ptrdname { $_[0]{value} }
sub cname { $_[0]{value} }
sub preference { $_[0]{value}[0] }
sub exchange { $_[0]{value}[1] }
sub char_str_list { ref $_[0]{value} ? @{ $_[0]{value} } : ($_[0]{value}) }

package ZonePacket;
sub new { my ($class, $rcode, @answer) = @_; return bless { rcode => $rcode, answer => [@answer] }, $class }
sub header { $_[0] }
sub rcode { $_[0]{rcode} }
sub answer { @{ $_[0]{answer} } }

package ZoneResolver;
sub new { my ($class) = @_; return bless { zone => {}, error => '' }, $class }
sub errorstring { $_[0]{error} }

sub send {
    my ($self, $name, $type) = @_;
    $self->{error} = '';
    $name = lc $name;
    $name =~ s/\.$//;
    my @answer;
    for (0 .. 8) {
        my $entries = $self->{zone}{$name};
        return ZonePacket->new($self->{names}{$name} ? 'NOERROR' : 'NXDOMAIN', @answer) if not $entries;
        my (@found, $cname);
        for my $entry (@$entries) {
            next if not ref $entry;
            my $value = $entry->{$type};
            return $self->failure if defined $value and not ref $value and $value =~ /^(?:TIMEOUT|SERVFAIL)$/;
            if (defined $value) { push @found, ZoneRecord->new(name => $name, type => $type, value => $value) }
            elsif (defined $entry->{CNAME}) { $cname = lc $entry->{CNAME} }
        }
        return ZonePacket->new('NOERROR', @answer, @found) if @found;
        if (not defined $cname) {
            return $self->failure if grep { not ref } @$entries;
            return ZonePacket->new('NOERROR', @answer);
        }
        push @answer, ZoneRecord->new(name => $name, type => 'CNAME', value => $cname);
        $cname =~ s/\.$//;
        $name = $cname;
    }
    return $self->failure;
}

sub failure { my ($self) = @_; $self->{error} = 'query timed out'; return undef }

package main;

my $json = JSON::PP->new->utf8;
my $resolver = ZoneResolver->new;
my $server = Mail::SPF::Server->new(
    dns_resolver                  => $resolver,
    hostname                      => 'mx.receiver.example',
    default_authority_explanation => '',
    query_rr_types                => Mail::SPF::Server->query_rr_type_txt,
);

while (my $line = <STDIN>) {
    my $case = $json->decode($line);
    my %zone = map { my $name = lc; $name =~ s/\.$//; $name => $case->{zone}{$_} } keys %{ $case->{zone} };
    my %names;
    for my $name (keys %zone) {
        my @labels = split /\./, $name;
        $names{ join '.', @labels[ $_ .. $#labels ] } = 1 for 0 .. $#labels;
    }
    @$resolver{qw(zone names)} = (\%zone, \%names);
    my $is_helo = $case->{mailFrom} eq '';
    my %answer = (id => $case->{id});
    my $done = eval {
        my $request = Mail::SPF::Request->new(
            versions      => [1],
            scope         => $is_helo ? 'helo' : 'mfrom',
            identity      => $is_helo ? $case->{helo} : $case->{mailFrom},
            ip_address    => $case->{ip},
            helo_identity => $case->{helo},
        );
        my $result = $server->process($request);
        $answer{result} = $result->code;
        if ($result->code eq 'fail') {
            my $text = $result->authority_explanation;
            $answer{explanation} = "$text" if defined $text and length $text;
        }
        $answer{why} = "$result" if $result->code =~ /error/;
        1;
    };
    if (not $done) {
        my $error = "$@";
        my $why = ref $@ && $@->can('text') ? $@->text : $error;
        %answer = (id => $case->{id}, result => 'crash', why => substr($why, 0, 200));
    }
    print $json->encode(\%answer), "\n";
}
