#!/usr/bin/perl
# A small app as CGI had them: whoever the server in front names is signed in.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';

binmode $_ for *STDIN, *STDOUT;
my ($method, $path) = @ENV{'REQUEST_METHOD', 'PATH_INFO'};
my %cookies = map { split /=/, $_, 2 } split /;\s*/, $ENV{HTTP_COOKIE} // '';

sub answer {
    my ($status, $text, @headers) = @_;
    print "Status: $status\r\nContent-Type: text/plain\r\n", (map {"$_\r\n"} @headers), "\r\n", $text;
    exit;
}

# to its end: a body in chunks has no CONTENT_LENGTH
sub body { local $/; return <STDIN> // '' }

answer('200 OK', join '',
    'user: ', $ENV{HTTP_X_REMOTE_USER} // '-', "\n",
    'email: ', $ENV{HTTP_X_REMOTE_EMAIL} // '-', "\n",
    'remote_user: ', $ENV{REMOTE_USER} // $ENV{HTTP_REMOTE_USER} // '-', "\n",
    'cookies: ', join(' ', sort keys %cookies), "\n") if $path eq '/';
answer('200 OK', "nobody's business\n") if $path eq '/guarded';
if ($path eq '/note' and $method eq 'POST') {
    my ($text) = body() =~ /(?:^|&)text=([^&]*)/;
    my ($name) = split /:/, $ENV{HTTP_HOST};
    answer('303 See Other', '',
        "Location: http://$ENV{HTTP_HOST}/note?kept=1",
        "Set-Cookie: note=$text; Domain=$name; Path=/; HttpOnly",
        'Set-Cookie: seen=1; Path=/');
}
answer('200 OK', 'note: ' . ($cookies{note} // '-') . "\n") if $path eq '/note';
if ($path eq '/upload' and $method eq 'POST') {
    my ($boundary) = $ENV{CONTENT_TYPE} =~ /boundary=(.+)$/;
    my ($name, $data) = body() =~ /filename="([^"]*)".*?\r\n\r\n(.*?)\r\n--\Q$boundary\E/s;
    answer('200 OK', "$name " . length($data) . ' ' . sha256_hex($data) . "\n");
}
if ($path eq '/raw' and $method eq 'POST') {
    my $data = body();
    answer('200 OK', 'raw ' . length($data) . ' ' . sha256_hex($data) . "\n");
}
answer('200 OK', "A page that is worth compressing.\n" x 200) if $path eq '/page';
answer('404 Not Found', "no such page\n");
