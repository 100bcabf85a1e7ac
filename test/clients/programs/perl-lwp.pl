# Perl with LWP. HTTP::Request::Common labels a PATCH without content as a form.
use strict;
use warnings;
use HTTP::Request::Common ();
use JSON::PP;
use LWP::UserAgent;

my $agent = LWP::UserAgent->new(keep_alive => 1, timeout => 20);
my $json = JSON::PP->new->canonical->allow_nonref;

sub send_request {
    my ($method, $url, $body, @headers) = @_;
    my $request = HTTP::Request::Common->can($method)->($url, @headers, $body eq '' ? () : (Content => $body));
    my $response = $agent->request($request);
    # Where nobody has answered, LWP makes a 500 of its own. A 401 has this header, too: LWP does not know Bearer.
    return { error => $response->message } if ($response->header('Client-Warning') // '') eq 'Internal response';
    my ($etag, $content) = (scalar $response->header('ETag'), $response->content);
    return { status => 0 + $response->code, etag => $etag, body => $content eq '' ? undef : $json->decode($content) };
}

$| = 1;
print $json->encode({ version => sprintf('libwww-perl %s, Perl %vd', LWP->VERSION, $^V) }), "\n";
while (my $line = <STDIN>) {
    chomp $line;
    my ($method, $url, $body, @headers) = split /\t/, $line;
    $body = '' if $body eq '-';
    print $json->encode(send_request($method, $url, $body, map { split /: /, $_, 2 } @headers)), "\n";
}
