"""Writes a session to Upstash Redis and prints its cookie."""

import base64
import hashlib
import json
import os
import secrets
import sys
import time
import urllib.request


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


now = int(time.time())
life_seconds = 3600
cookie = "v1.." + base64url(secrets.token_bytes(32))
record = {
    "v": 1,
    "id": "python-" + secrets.token_hex(12),
    "subject": sys.argv[1],
    "issuer": "legacy",
    "claims": {"email": sys.argv[1] + "@example.com"},
    "roles": ["staff"],
    "scopes": [],
    "createdAt": now,
    "lastSeenAt": now,
    "expiresAt": now + life_seconds,
    "endsAt": now + 8 * life_seconds,
}
key = "session:" + base64url(hashlib.sha256(cookie.encode()).digest())
request = urllib.request.Request(
    os.environ["UPSTASH_REDIS_REST_URL"],
    data=json.dumps(["SET", key, json.dumps(record), "EX", 8 * life_seconds]).encode(),
    headers={"Authorization": "Bearer " + os.environ["UPSTASH_REDIS_REST_TOKEN"]},
)
with urllib.request.urlopen(request) as response:
    assert json.load(response)["result"] == "OK"
print("__Host-sallyport=" + cookie)
