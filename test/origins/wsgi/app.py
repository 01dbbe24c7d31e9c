"""A small app as WSGI had them: whoever the server in front names is signed in. Arguments: the port, the file to give."""

import hashlib
import os
import re
import sys
from email import message_from_bytes
from email.utils import formatdate
from http.cookies import SimpleCookie
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

PORT, FILE = int(sys.argv[1]), sys.argv[2]


def app(environ, start_response):
    def answer(status, text="", *headers):
        body = text if isinstance(text, bytes) else text.encode()
        start_response(status, [("Content-Type", "text/plain"), *headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def read():
        # a body in chunks has no length, and WSGI has no way to tell its end (PEP 3333)
        return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))

    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    if path == "/":
        # wsgiref folds hyphens into underscores as CGI does
        return answer(
            "200 OK",
            f"user: {environ.get('HTTP_X_REMOTE_USER', '-')}\n"
            f"email: {environ.get('HTTP_X_REMOTE_EMAIL', '-')}\n"
            f"remote_user: {environ.get('REMOTE_USER') or environ.get('HTTP_REMOTE_USER', '-')}\n"
            f"cookies: {' '.join(cookies)}\n",
        )
    if path == "/guarded":
        return answer("200 OK", "nobody's business\n")
    if path == "/note" and method == "POST":
        host = environ["HTTP_HOST"]
        text = parse_qs(read().decode())["text"][0]
        return answer(
            "303 See Other",
            "",
            ("Location", f"http://{host}/note?kept=1"),
            ("Set-Cookie", f"note={text}; Domain={host.split(':')[0]}; Path=/; HttpOnly"),
            ("Set-Cookie", "seen=1; Path=/"),
        )
    if path == "/note":
        return answer("200 OK", f"note: {cookies['note'].value if 'note' in cookies else '-'}\n")
    if path == "/upload" and method == "POST":
        part = message_from_bytes(f"Content-Type: {environ['CONTENT_TYPE']}\r\n\r\n".encode() + read()).get_payload()[0]
        data = part.get_payload(decode=True)
        return answer("200 OK", f"{part.get_filename()} {len(data)} {hashlib.sha256(data).hexdigest()}\n")
    if path == "/raw" and method == "POST":
        data = read()
        return answer("200 OK", f"raw {len(data)} {hashlib.sha256(data).hexdigest()}\n")
    if path == "/download":
        return download(environ, answer)
    if path == "/page":
        return answer("200 OK", "A page that is worth compressing.\n" * 200)
    return answer("404 Not Found", "no such page\n")


def download(environ, answer):
    size, date = os.path.getsize(FILE), formatdate(os.path.getmtime(FILE), usegmt=True)
    always = [("Last-Modified", date), ("Accept-Ranges", "bytes")]
    if environ.get("HTTP_IF_MODIFIED_SINCE") == date:
        return answer("304 Not Modified", "", *always)
    with open(FILE, "rb") as file:
        data = file.read()
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", environ.get("HTTP_RANGE", ""))
    if not asked or environ.get("HTTP_IF_RANGE", date) != date:
        return answer("200 OK", data, *always, ("Content-Length", str(size)))
    first, last = asked.groups()
    start = int(first) if first else size - int(last)
    end = min(size - 1, int(last)) if first and last else size - 1
    if start > end:
        return answer("416 Range Not Satisfiable", "", ("Content-Range", f"bytes */{size}"))
    part = data[start : end + 1]
    return answer(
        "206 Partial Content",
        part,
        *always,
        ("Content-Range", f"bytes {start}-{end}/{size}"),
        ("Content-Length", str(len(part))),
    )


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server("127.0.0.1", PORT, app, handler_class=Quiet).serve_forever()
