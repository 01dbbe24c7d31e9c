<?php
/** A small app as PHP had them: whoever the server in front names is signed in. */

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$method = $_SERVER['REQUEST_METHOD'];
header('Content-Type: text/plain');

if ($path === '/') {
    // $_SERVER is what CGI made of it: case, hyphens and underscores are gone by here
    echo 'user: ', $_SERVER['HTTP_X_REMOTE_USER'] ?? '-', "\n";
    echo 'email: ', $_SERVER['HTTP_X_REMOTE_EMAIL'] ?? '-', "\n";
    echo 'remote_user: ', $_SERVER['REMOTE_USER'] ?? $_SERVER['HTTP_REMOTE_USER'] ?? '-', "\n";
    echo 'cookies: ', implode(' ', array_keys($_COOKIE)), "\n";
} elseif ($path === '/guarded') {
    echo "nobody's business\n";
} elseif ($path === '/note' && $method === 'POST') {
    [$name] = explode(':', $_SERVER['HTTP_HOST']);
    setcookie('note', $_POST['text'], ['domain' => $name, 'path' => '/', 'httponly' => true]);
    setcookie('seen', '1', ['path' => '/']);
    header('Location: http://' . $_SERVER['HTTP_HOST'] . '/note?kept=1', true, 303);
} elseif ($path === '/note') {
    echo 'note: ', $_COOKIE['note'] ?? '-', "\n";
} elseif ($path === '/upload' && $method === 'POST') {
    $file = $_FILES['file'];
    $bytes = file_get_contents($file['tmp_name']);
    echo $file['name'], ' ', strlen($bytes), ' ', hash('sha256', $bytes), "\n";
} elseif ($path === '/raw' && $method === 'POST') {
    $bytes = file_get_contents('php://input');
    echo 'raw ', strlen($bytes), ' ', hash('sha256', $bytes), "\n";
} elseif ($path === '/download') {
    download(getenv('DOWNLOAD'));
} elseif ($path === '/page') {
    echo str_repeat("A page that is worth compressing.\n", 200);
} else {
    http_response_code(404);
    echo "no such page\n";
}

function download(string $file): void
{
    $size = filesize($file);
    $date = gmdate('D, d M Y H:i:s', filemtime($file)) . ' GMT';
    header('Content-Type: application/octet-stream');
    header("Last-Modified: $date");
    header('Accept-Ranges: bytes');
    if (($_SERVER['HTTP_IF_MODIFIED_SINCE'] ?? '') === $date) {
        http_response_code(304);
        return;
    }
    [$from, $to] = [0, $size - 1];
    $range = $_SERVER['HTTP_RANGE'] ?? '';
    if (($_SERVER['HTTP_IF_RANGE'] ?? $date) === $date && preg_match('/^bytes=(\d*)-(\d*)$/', $range, $asked)) {
        [, $first, $last] = $asked;
        $from = $first === '' ? $size - (int) $last : (int) $first;
        $to = $first === '' || $last === '' ? $to : min($to, (int) $last);
        if ($from > $to) {
            http_response_code(416);
            header("Content-Range: bytes */$size");
            return;
        }
        http_response_code(206);
        header("Content-Range: bytes $from-$to/$size");
    }
    header('Content-Length: ' . ($to - $from + 1));
    if ($_SERVER['REQUEST_METHOD'] !== 'HEAD') {
        echo file_get_contents($file, false, null, $from, $to - $from + 1);
    }
}
