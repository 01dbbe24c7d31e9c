<!doctype html>
<title>Back office</title>
<p>All orders, for <?= htmlspecialchars($_SERVER['HTTP_X_REMOTE_USER'] ?? 'nobody') ?>
 (<?= htmlspecialchars($_SERVER['HTTP_X_REMOTE_ROLES'] ?? '') ?>).</p>
