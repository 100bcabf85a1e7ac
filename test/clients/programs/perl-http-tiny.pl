# Perl without packages: HTTP::Tiny is part of it. The connection is kept where the server keeps it.
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;

my $agent = HTTP::Tiny->new(timeout => 20);
my $json = JSON::PP->new->canonical->allow_nonref;

sub send_request {
    my ($method, $url, $body, %headers) = @_;
    my %content = $method eq 'PATCH' ? (content => $body) : ();
    my $response = $agent->request($method, $url, { headers => \%headers, %content });
    # Where nobody has answered, HTTP::Tiny makes a 599 of its own.
    return { error => $response->{content} } if $response->{status} == 599;
    my $answer = $response->{content} // '';
    return {
        status => 0 + $response->{status},
        etag => $response->{headers}{etag},
        body => $answer eq '' ? undef : $json->decode($answer),
    };
}

$| = 1;
print $json->encode({ version => sprintf('HTTP::Tiny %s, Perl %vd', HTTP::Tiny->VERSION, $^V) }), "\n";
while (my $line = <STDIN>) {
    chomp $line;
    my ($method, $url, $body, @headers) = split /\t/, $line;
    $body = '' if $body eq '-';
    print $json->encode(send_request($method, $url, $body, map { split /: /, $_, 2 } @headers)), "\n";
}
