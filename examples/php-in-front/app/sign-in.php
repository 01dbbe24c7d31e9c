<!doctype html>
<title>Sign in</title>
<p>Ask the office for a session.</p>
