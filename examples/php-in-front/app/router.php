<?php
// for `php -S` alone, which would serve index.php for whatever it doesn't find
$path = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
$script = preg_match('#^/([a-z-]+\.php)(?:/|$)#', $path, $found) ? $found[1] : ($path === '/' ? 'index.php' : '');
if ($script === '' || $script === 'router.php' || !is_file(__DIR__ . "/$script")) {
    http_response_code(404);
    exit("Not here\n");
}
require __DIR__ . "/$script";
