"""ASGI and WSGI, as their servers call them, and what they answer."""

import asyncio
import io
import threading
import urllib.error
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest

from vestibule import Verifier, _web, asgi, wsgi
from vestibule.testing import LocalIssuer

AUDIENCE = "api"
UNJUDGED = object()


@pytest.fixture(scope="module")
def issuer():
    with LocalIssuer(AUDIENCE) as local:
        yield local


@pytest.fixture(scope="module")
def verifier(issuer):
    return Verifier([issuer.issuer])


@pytest.fixture(scope="module")
def offline():
    """A verifier whose issuer is gone, and a token of it."""
    with LocalIssuer(AUDIENCE) as gone:
        token = gone.token()
    return Verifier([gone.issuer]), token


# By what is sent: the Authorization headers, and what becomes of the request. An identity is a subject, None nobody, and a text
# the WWW-Authenticate of a 401.
PLAIN, REFUSED = "Bearer", 'Bearer error="invalid_token"'
CASES = {
    "a good token": (lambda t: [f"Bearer {t}"], ("as", "ann")),
    "a scheme in small letters": (lambda t: [f"bearer {t}"], ("as", "ann")),
    "two spaces": (lambda t: [f"Bearer  {t}"], ("as", "ann")),
    "nothing": (lambda t: [], ("nobody", PLAIN)),
    "an empty header": (lambda t: [""], ("nobody", PLAIN)),
    "another scheme": (lambda t: ["Basic YW5uOmE="], ("nobody", PLAIN)),
    "a scheme that begins alike": (lambda t: [f"Bearers {t}"], ("nobody", PLAIN)),
    "a scheme alone": (lambda t: ["Bearer"], ("refused", REFUSED)),
    "garbage": (lambda t: ["Bearer garbage"], ("refused", REFUSED)),
    "two tokens": (lambda t: [f"Bearer {t} {t}"], ("refused", REFUSED)),
    "two tokens with a comma": (lambda t: [f"Bearer {t}, Bearer {t}"], ("refused", REFUSED)),
    "letters beyond ASCII": (lambda t: ["Bearer \xe9"], ("refused", REFUSED)),
}


async def asgi_call(app, scope, sent=None):
    """Everything that an ASGI application says to a connection."""
    said = []

    async def receive():
        return sent or {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    await app(scope, receive, send)
    return said


def asgi_app(verifier, seen, **options):
    async def app(scope, receive, send):
        seen.append(scope.get("vestibule", UNJUDGED))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    return asgi.VestibuleMiddleware(app, verifier, **options)


def http_scope(headers, **more):
    raw = [(b"Authorization", value.encode("latin-1")) for value in headers]
    return {"type": "http", "method": "GET", "path": "/", "headers": raw, **more}


def judge(how, required, seen, status, challenge):
    """Compares what became of a request with what was to become of it."""
    kind, value = how
    if kind == "as":
        assert status == 200 and [identity.subject for identity in seen] == [value]
    elif kind == "nobody" and not required:
        assert status == 200 and seen == [None]
    else:
        assert (status, challenge, seen) == (401, value, [])


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_asgi(issuer, verifier, case, required):
    headers, how = CASES[case]
    seen = []
    scope = http_scope(headers(issuer.token("ann")))
    start, body = asyncio.run(asgi_call(asgi_app(verifier, seen, required=required), scope))
    said = dict(start["headers"])
    judge(how, required, seen, start["status"], said.get(b"www-authenticate", b"").decode())
    if start["status"] == 401:
        assert body["body"] == b'{"status":401}' and said[b"content-length"] == b"14"  # and not a word of why
    assert "vestibule" not in scope  # whoever called keeps what is theirs


@pytest.mark.parametrize("required", [True, False])
def test_asgi_with_two_headers(issuer, verifier, required):
    """A proxy may look at the one and the application at the other."""
    seen = []
    start, _ = asyncio.run(asgi_call(asgi_app(verifier, seen, required=required), http_scope([f"Bearer {issuer.token()}"] * 2)))
    assert start["status"] == 401 and seen == []


def test_asgi_cannot_be_told_by_whoever_is_outside(verifier):
    seen = []
    asyncio.run(asgi_call(asgi_app(verifier, seen, required=False), http_scope([], vestibule="somebody")))
    assert seen == [None]


def test_asgi_without_keys_is_503(offline):
    verifier, token = offline
    seen = []
    start, body = asyncio.run(asgi_call(asgi_app(verifier, seen), http_scope([f"Bearer {token}"])))
    assert start["status"] == 503 and dict(start["headers"])[b"retry-after"] == b"5" and body["body"] == b'{"status":503}' and seen == []


def test_asgi_does_not_hold_up_the_loop(issuer):
    """The keys come only once the loop has gone on, so that whoever blocks it never has them."""
    go_on = threading.Event()

    def fetch(url):
        assert go_on.wait(30)
        return _web.get(url, {}, timeout=5, most=1 << 20)

    async def main():
        app = asgi_app(Verifier([issuer.issuer], fetch=fetch), seen := [])
        request = asyncio.create_task(asgi_call(app, http_scope([f"Bearer {issuer.token()}"])))
        await asyncio.sleep(0)
        go_on.set()
        return await request, seen

    (start, _), seen = asyncio.run(main())
    assert start["status"] == 200 and len(seen) == 1


def test_asgi_leaves_the_lifespan_alone(verifier):
    seen = []
    asyncio.run(asgi_call(asgi_app(verifier, seen), {"type": "lifespan"}))
    assert seen == [UNJUDGED]


def test_asgi_websockets(issuer, verifier, offline):
    def talk(verifier, headers, **more):
        seen = []
        scope = {**http_scope(headers), "type": "websocket", **more}
        return asyncio.run(asgi_call(asgi_app(verifier, seen), scope, {"type": "websocket.connect"})), seen

    _, seen = talk(verifier, [f"Bearer {issuer.token('ann')}"])
    assert [identity.subject for identity in seen] == ["ann"]
    assert talk(verifier, ["Bearer x"]) == ([{"type": "websocket.close", "code": 1008}], [])
    assert talk(offline[0], [f"Bearer {offline[1]}"]) == ([{"type": "websocket.close", "code": 1013}], [])
    (start, body), seen = talk(verifier, ["Bearer x"], extensions={"websocket.http.response": {}})
    assert start["type"] == "websocket.http.response.start" and start["status"] == 401 and body["body"] == b'{"status":401}' and seen == []


def wsgi_call(app, headers, **more):
    """One request, under the eyes of the standard library's validator."""
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "localhost",
               "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
               "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
               "wsgi.run_once": False, **more}
    if headers:
        environ["HTTP_AUTHORIZATION"] = ",".join(headers)  # as servers join them
    answer = []
    answered = validator(app)(environ, lambda status, fields, _=None: answer.append((status, dict(fields))))
    try:
        body = b"".join(answered)
    finally:
        answered.close()
    return int(answer[0][0].split()[0]), answer[0][1], body


def wsgi_app(verifier, seen, **options):
    def app(environ, start_response):
        seen.append(environ["vestibule.identity"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"in"]

    return wsgi.VestibuleMiddleware(app, verifier, **options)


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_wsgi(issuer, verifier, case, required):
    headers, how = CASES[case]
    seen = []
    status, fields, body = wsgi_call(wsgi_app(verifier, seen, required=required), headers(issuer.token("ann")))
    judge(how, required, seen, status, fields.get("WWW-Authenticate", ""))
    if status == 401:
        assert body == b'{"status":401}' and fields["Content-Length"] == "14"


def test_wsgi_with_two_headers(issuer, verifier):
    seen = []
    assert wsgi_call(wsgi_app(verifier, seen), [f"Bearer {issuer.token()}"] * 2)[0] == 401 and seen == []


def test_wsgi_without_keys_is_503(offline):
    verifier, token = offline
    seen = []
    status, fields, body = wsgi_call(wsgi_app(verifier, seen), [f"Bearer {token}"])
    assert (status, fields["Retry-After"], body, seen) == (503, "5", b'{"status":503}', [])


def test_wsgi_over_a_socket(issuer, verifier):
    """A header that only looks like the environment's entry does not become it."""
    seen = []

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = make_server("127.0.0.1", 0, wsgi_app(verifier, seen, required=False), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {issuer.token('ann')}"})) as answer:
            assert answer.read() == b"in"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"vestibule.identity": "root"})) as answer:
            assert answer.read() == b"in"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "Bearer x"}))
        with refused.value as answer:
            assert answer.code == 401 and answer.headers["WWW-Authenticate"] == REFUSED
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [identity and identity.subject for identity in seen] == ["ann", None]
