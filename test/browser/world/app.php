<?php
// An application of its time: it knows nothing of the gateway, and contradicts it where it can.
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$user = $_SERVER['HTTP_X_REMOTE_USER'] ?? '';
file_put_contents(getenv('REACHED'), json_encode([
  'method' => $_SERVER['REQUEST_METHOD'], 'path' => $path, 'user' => $user, 'body' => file_get_contents('php://input'),
  'post' => $_POST, 'cookies' => array_keys($_COOKIE), 'origin' => $_SERVER['HTTP_ORIGIN'] ?? null,
]) . "\n", FILE_APPEND | LOCK_EX);
header('X-Powered-By: PHP/5.3.3');
header('X-Total: 42');
header('X-Hidden: 43');
$what = basename($path);

if ($what === 'contradict') {
  header('Access-Control-Allow-Origin: *');
  header('Access-Control-Allow-Origin: https://evil.test', false);
  header('Access-Control-Allow-Credentials: true');
  header('Access-Control-Expose-Headers: X-Hidden');
}
if ($what === 'own') {
  header('Access-Control-Allow-Origin: https://partner.test');
  header('Access-Control-Allow-Headers: x-partner');
  if ($_SERVER['REQUEST_METHOD'] === 'OPTIONS') { http_response_code(204); exit; }
}
if ($what === 'error') http_response_code(500);
if ($what === 'away') { header('Location: https://evil.test/landed'); http_response_code(302); exit; }
if ($what === 'image') { header('Content-Type: image/gif'); echo base64_decode('R0lGODlhAQABAAAAACwAAAAAAQABAAA='); exit; }
if ($path === '/login') {
  session_start();
  if ($_SERVER['REQUEST_METHOD'] === 'POST') { $_SESSION['name'] = $_POST['name'] ?? ''; header('Location: /account'); http_response_code(303); exit; }
  header('Content-Type: text/html');
  echo '<!doctype html><form method="post"><input name="name"><button>go</button></form>';
  exit;
}
if ($path === '/account') { session_start(); header('Content-Type: text/html'); echo '<!doctype html><p id="who">' . htmlspecialchars($_SESSION['name'] ?? 'nobody') . '</p>'; exit; }
if ($what === 'page') {
  header('Content-Type: text/html; charset=utf-8');
  header('ETag: "page"');
  $host = $_GET['mixed'] ?? '';
  echo '<!doctype html><title>page</title><style>#styled { color: rgb(1, 2, 3) }</style><p id="styled">Grüße</p>',
    '<script>window.ran = ["inline"]</script>',
    '<script type="module">window.ran.push("module")</script>',
    '<p id="attribute" onclick="window.ran.push(\'attribute\')">x</p>',
    '<form method="post" action="/form/page"><input name="a" value="1"><button>send</button></form>',
    $host ? '<img id="mixed" src="http://' . htmlspecialchars($host) . '/image">' : '';
  exit;
}
header('Content-Type: application/json');
echo json_encode(['method' => $_SERVER['REQUEST_METHOD'], 'user' => $user, 'cookies' => array_keys($_COOKIE)]);
