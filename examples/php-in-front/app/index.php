<?php $user = $_SERVER['HTTP_X_REMOTE_USER'] ?? null; ?>
<!doctype html>
<title>Shop</title>
<p>Good day, <?= htmlspecialchars($user ?? 'stranger') ?>.</p>
<p><a href="/office.php">Back office</a></p>
