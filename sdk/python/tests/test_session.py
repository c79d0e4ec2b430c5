"""Sessions, by asking a server that answers whatever it is told to."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vestibule import InvalidToken, Session, SessionCheck, Unavailable

SIGNED_IN = (b'{"status":200,"data":{"user":{"id":"u1","email":"ann@example.org"},"methods":[{"method":"password"}]},'
             b'"meta":{"is_authenticated":true}}')


class Server:
    """Answers every GET with status and body, and remembers what it was asked."""

    def __init__(self):
        self.status, self.body, self.headers, self.asked = 200, SIGNED_IN, {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.path, self.headers.get("X-Session-Token")))
                self.send_response(outer.status)
                for name, value in {"Content-Length": str(len(outer.body)), **outer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server():
    one = Server()
    yield one
    one.close()


def test_a_session_that_is_signed_in(server):
    check = SessionCheck(server.url)
    session = check.check("token-1")
    assert session == Session({"id": "u1", "email": "ann@example.org"}, ({"method": "password"},))
    assert asyncio.run(check.check_async("token-2")) == session
    assert server.asked == [("/_allauth/app/v1/auth/session", "token-1"), ("/_allauth/app/v1/auth/session", "token-2")]


def test_nothing_is_remembered(server):
    check = SessionCheck(server.url)
    check.check("token")
    server.status, server.body = 410, b'{"status":410}'
    with pytest.raises(InvalidToken):
        check.check("token")


@pytest.mark.parametrize("status, body, error", [
    (401, b'{"status":401,"data":{"flows":[]},"meta":{"is_authenticated":false}}', InvalidToken),
    (401, SIGNED_IN, InvalidToken),
    (410, b'{"status":410}', InvalidToken),
    (200, SIGNED_IN.replace(b"true", b"false"), InvalidToken),
    (200, SIGNED_IN.replace(b"true", b'"true"'), InvalidToken),
    (200, SIGNED_IN.replace(b"true", b"1"), InvalidToken),
    (200, b'{"status":200,"data":{"user":{"id":"u1"}}}', Unavailable),
    (200, b'{"meta":{"is_authenticated":true}}', Unavailable),
    (200, b'{"data":{"user":"u1"},"meta":{"is_authenticated":true}}', Unavailable),
    (200, b"<html>", Unavailable), (200, b"", Unavailable), (200, b"[]", Unavailable), (200, b"[" * 100_000, Unavailable),
    (200, SIGNED_IN + b" " * (1 << 20), Unavailable),
    (201, SIGNED_IN, Unavailable), (403, b"{}", Unavailable), (404, b"{}", Unavailable), (429, b"{}", Unavailable),
    (500, b"{}", Unavailable), (503, b"{}", Unavailable),
])
def test_who_is_not_signed_in_and_what_is_no_answer(server, status, body, error):
    server.status, server.body = status, body
    with pytest.raises(error):
        SessionCheck(server.url).check("token")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_does_not_follow_a_redirect(server, status):
    elsewhere = Server()
    try:
        server.status, server.headers = status, {"Location": elsewhere.url + "/_allauth/app/v1/auth/session"}
        with pytest.raises(Unavailable):
            SessionCheck(server.url).check("token")
        assert elsewhere.asked == []
    finally:
        elsewhere.close()


@pytest.mark.parametrize("token", ["", None, b"token", "a b", "a\r\nX-Injected: 1", "a\n", "é", "x" * 8193])
def test_what_is_no_session_token_is_not_even_asked_about(server, token):
    with pytest.raises(InvalidToken):
        SessionCheck(server.url).check(token)
    assert server.asked == []


def test_a_server_that_is_not_there(server):
    url = server.url
    server.server.socket.close()  # the fixture still ends its thread
    with pytest.raises(Unavailable):
        SessionCheck(url, timeout=0.5).check("token")


def test_a_session_token_does_not_travel_in_the_clear():
    with pytest.raises(ValueError):
        SessionCheck("http://auth.example.org")
