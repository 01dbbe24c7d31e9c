<?php
// Writes a session to Upstash Redis and prints its cookie.
$url = getenv('UPSTASH_REDIS_REST_URL');
$token = getenv('UPSTASH_REDIS_REST_TOKEN');

$base64url = fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
$now = time();
$lifeSeconds = 3600;
$cookie = 'v1..' . $base64url(random_bytes(32));
$record = [
    'v' => 1,
    'id' => 'php-' . bin2hex(random_bytes(12)),
    'subject' => $argv[1],
    'issuer' => 'legacy',
    'claims' => (object) ['email' => $argv[1] . '@example.com'],
    'roles' => ['staff'],
    'scopes' => [],
    'createdAt' => $now,
    'lastSeenAt' => $now,
    'expiresAt' => $now + $lifeSeconds,
    'endsAt' => $now + 8 * $lifeSeconds,
];
$key = 'session:' . $base64url(hash('sha256', $cookie, true));
$command = json_encode(['SET', $key, json_encode($record), 'EX', 8 * $lifeSeconds]);
$answer = file_get_contents($url, false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => "Authorization: Bearer $token\r\nContent-Type: application/json",
    'content' => $command,
]]));
if (json_decode($answer, true)['result'] !== 'OK') {
    exit(1);
}
echo "__Host-sallyport=$cookie\n";
