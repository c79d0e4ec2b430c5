"""When keys are fetched, and what happens when they cannot be."""

import asyncio
import http.client
import logging
import os
import secrets
import signal
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vestibule import InvalidToken, Issuer, Unavailable, Verifier, _keys, _web
from vestibule.testing import LocalIssuer

AUDIENCE = "api"
PLENTY = 30


@pytest.fixture
def issuer():
    with LocalIssuer(AUDIENCE) as local:
        yield local


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def settled(verifier):
    """Waits until nothing is being fetched any more."""
    for _, keys in verifier._issuers.values():
        flight = keys._flight
        if flight is not None:
            flight.result(PLENTY)


def unknown(issuer):
    """A token whose kid is made up."""
    return issuer.keys[-1].sign({"alg": "ES256", "kid": secrets.token_hex(8), "typ": "JWT"}, issuer.claims())


def test_nothing_is_fetched_before_it_is_needed_and_nothing_in_the_steady_state(issuer):
    verifier = Verifier([issuer.issuer])
    assert issuer.fetches == 0
    for _ in range(500):
        verifier.verify(issuer.token())
    assert issuer.fetches == 1


def test_many_threads_that_come_first_make_one_fetch(issuer):
    verifier, token, together = Verifier([issuer.issuer]), issuer.token(), threading.Barrier(32)

    def first(_):
        together.wait(PLENTY)
        return verifier.verify(token)

    with ThreadPoolExecutor(32) as pool:
        assert len(list(pool.map(first, range(32)))) == 32
    assert issuer.fetches == 1


def test_a_set_is_fetched_anew_beside_requests_when_its_age_is_over(issuer):
    clock, began, go_on = Clock(), threading.Event(), threading.Event()

    def fetch(url):
        answer = _web.get(url, {}, timeout=5, most=1 << 20)
        if issuer.fetches > 1:
            began.set()
            assert go_on.wait(PLENTY)
        return answer

    verifier, token = Verifier([issuer.issuer], monotonic=clock, fetch=fetch), issuer.token()
    verifier.verify(token)
    clock.now += 299
    verifier.verify(token)
    assert issuer.fetches == 1
    clock.now += 2
    for _ in range(50):
        verifier.verify(token)  # the old set, while the next one is on its way
    assert began.wait(PLENTY)
    go_on.set()
    settled(verifier)
    verifier.verify(token)
    assert issuer.fetches == 2


def test_a_key_that_is_published_no_more_is_gone_with_the_next_set(issuer):
    clock = Clock()
    verifier, old = Verifier([issuer.issuer], monotonic=clock), issuer.token()
    verifier.verify(old)
    issuer.rotate(retire=True)
    clock.now += 301
    verifier.verify(old)  # this is what notices
    settled(verifier)
    with pytest.raises(InvalidToken):
        verifier.verify(old)


def test_after_a_long_silence_the_next_set_is_waited_for(issuer):
    """Nobody asked for an hour, in which a key was stolen and taken away: its first token is refused, and not the second one only."""
    clock = Clock()
    verifier, old = Verifier([issuer.issuer], monotonic=clock), issuer.token()
    verifier.verify(old)
    issuer.rotate(retire=True)
    clock.now += 3600
    with pytest.raises(InvalidToken):
        verifier.verify(old)
    assert asyncio.run(verifier.verify_async(issuer.token()))


@pytest.mark.parametrize("hangs", [False, True])
def test_after_a_long_silence_the_old_set_is_good_where_there_is_no_next_one(issuer, monkeypatch, hangs):
    clock, go_on, out = Clock(), threading.Event(), threading.Event()

    def fetch(url):
        if out.is_set():
            assert not hangs or go_on.wait(PLENTY)
            raise _web.Failed("silence")
        return _web.get(url, {}, timeout=5, most=1 << 20)

    verifier, token = Verifier([issuer.issuer], monotonic=clock, fetch=fetch), issuer.token()
    verifier.verify(token)
    out.set()
    clock.now += 3600
    monkeypatch.setattr(verifier, "_patience", 0.1 if hangs else PLENTY)
    assert verifier.verify(token)
    monkeypatch.setattr(verifier, "_patience", 1e6)
    for _ in range(100):
        assert verifier.verify(token)
    go_on.set()
    settled(verifier)


def test_a_new_key_is_fetched_at_once(issuer):
    verifier = Verifier([issuer.issuer])
    verifier.verify(issuer.token())
    issuer.rotate()
    assert verifier.verify(issuer.token("ann")).subject == "ann"
    assert issuer.fetches == 2


def test_rotation_under_load_refuses_nothing_that_is_valid(issuer):
    """Eight threads check tokens of the newest keys while keys follow each other, each new one at once and without notice."""
    clock, rotations, stop = Clock(), 20, threading.Event()
    verifier = Verifier([issuer.issuer], monotonic=clock)
    tokens, refused, checked = [issuer.token()], [], [0] * 8

    def load(worker):
        while not stop.is_set():
            try:
                verifier.verify(tokens[-1])
                checked[worker] += 1
            except Exception as error:
                refused.append(repr(error))
                return

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(load, worker) for worker in range(8)]
        for _ in range(rotations):
            before = list(checked)
            issuer.rotate()
            clock.now += 10  # as long as an unknown kid may have to wait
            tokens.append(issuer.token())
            wait_until(lambda: refused or all(now > was + 1 for now, was in zip(checked, before)))
        stop.set()
        for each in done:
            each.result(PLENTY)
    assert refused == []
    assert issuer.fetches <= 1 + rotations + 1  # and one for the first, and one for age: 200 s have gone by


def wait_until(condition):
    end = time.monotonic() + PLENTY
    while not condition():
        assert time.monotonic() < end, "it does not come to pass"
        time.sleep(0.001)


def test_a_flood_of_unknown_kids_makes_no_flood_of_fetches(issuer):
    clock = Clock()
    verifier, good = Verifier([issuer.issuer], monotonic=clock), issuer.token()
    verifier.verify(good)

    def flood(_):
        for _ in range(50):
            with pytest.raises(InvalidToken):
                verifier.verify(unknown(issuer))
            verifier.verify(good)

    for wave in range(1, 4):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(flood, range(8)))
        assert issuer.fetches == 1 + wave  # 400 made-up kids, one fetch
        clock.now += 9.9
        with pytest.raises(InvalidToken):
            verifier.verify(unknown(issuer))
        assert issuer.fetches == 1 + wave
        clock.now += 0.2


def test_one_issuer_s_flood_is_not_another_s(issuer):
    with LocalIssuer(AUDIENCE) as other:
        verifier = Verifier([issuer.issuer, other.issuer], monotonic=Clock())
        verifier.verify(other.token())
        for _ in range(20):
            with pytest.raises(InvalidToken):
                verifier.verify(unknown(issuer))
        other.rotate()
        verifier.verify(other.token())
        assert (issuer.fetches, other.fetches) == (2, 2)


def test_a_new_key_is_found_though_an_older_fetch_is_under_way(issuer):
    """A fetch that began before a key was made comes back without it. That is no reason to refuse the key's tokens."""
    clock, began, go_on = Clock(), threading.Event(), threading.Event()

    def fetch(url):
        answer = _web.get(url, {}, timeout=5, most=1 << 20)
        if issuer.fetches == 2:
            began.set()
            assert go_on.wait(PLENTY)
        return answer

    verifier = Verifier([issuer.issuer], monotonic=clock, fetch=fetch)
    verifier.verify(issuer.token())
    clock.now += 301
    verifier.verify(issuer.token())
    assert began.wait(PLENTY)
    issuer.rotate()
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(verifier.verify, issuer.token()) for _ in range(4)]
        go_on.set()
        for answer in answers:
            answer.result(PLENTY)
    assert issuer.fetches == 3


def test_there_is_never_more_than_one_fetch_at_a_time(issuer):
    """While a new key is being asked for, the set's age is over too: the fetch that is under way does for both."""
    clock, began, go_on = Clock(), threading.Event(), threading.Event()
    running, most, lock = [0], [0], threading.Lock()

    def fetch(url):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        if issuer.fetches:
            began.set()
            assert go_on.wait(PLENTY)
        answer = _web.get(url, {}, timeout=5, most=1 << 20)
        with lock:
            running[0] -= 1
        return answer

    verifier, good = Verifier([issuer.issuer], monotonic=clock, fetch=fetch), issuer.token()
    verifier.verify(good)
    issuer.rotate()
    with ThreadPoolExecutor(1) as pool:
        new = pool.submit(verifier.verify, issuer.token())
        assert began.wait(PLENTY)
        clock.now += 301
        for _ in range(50):
            verifier.verify(good)
        go_on.set()
        new.result(PLENTY)
    settled(verifier)
    assert most[0] == 1


def test_a_fetch_of_one_s_own_is_held_to_the_same_bounds(issuer):
    document = _web.get(issuer.url + "/.well-known/jwks.json", {}, timeout=5, most=1 << 20).body
    for answer, error in ((_web.Answer(200, "", document), None), (_web.Answer(200, "", document + b" " * (1 << 20)), Unavailable)):
        verifier = Verifier([issuer.issuer], fetch=lambda url, answer=answer: answer)
        if error is None:
            verifier.verify(issuer.token())
            continue
        with pytest.raises(error):
            verifier.verify(issuer.token())


def test_cached_keys_go_on_while_the_server_is_down(issuer, caplog):
    clock = Clock()
    verifier, token = Verifier([issuer.issuer], monotonic=clock, max_stale=3600), issuer.token()
    verifier.verify(token)
    issuer.down = True
    for _ in range(11):
        clock.now += 310
        verifier.verify(token)
        settled(verifier)
    assert issuer.fetches == 12
    assert "keys could not be fetched" in caplog.text and "status 503" in caplog.text
    clock.now += 310  # more than an hour since they were fetched
    with pytest.raises(Unavailable):
        verifier.verify(token)
    issuer.down = False
    clock.now += 61
    verifier.verify(token)
    settled(verifier)
    assert verifier.verify(token)


def test_a_server_that_is_down_is_asked_now_and_then_only(issuer):
    clock = Clock()
    verifier, token = Verifier([issuer.issuer], monotonic=clock), issuer.token()
    verifier.verify(token)
    issuer.down = True
    clock.now += 301
    for _ in range(100):
        verifier.verify(token)
        settled(verifier)
    assert issuer.fetches == 2
    clock.now += 10
    for _ in range(100):
        verifier.verify(token)
        settled(verifier)
    assert issuer.fetches == 3


def test_an_unknown_kid_cannot_be_judged_while_the_server_is_down(issuer):
    """It may be that of a key that was made meanwhile: 401 would have apps throw good tokens away."""
    clock = Clock()
    verifier = Verifier([issuer.issuer], monotonic=clock)
    verifier.verify(issuer.token())
    issuer.down = True
    with pytest.raises(Unavailable):
        verifier.verify(unknown(issuer))
    issuer.down = False
    issuer.rotate()
    clock.now += 10
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())  # nobody waits, but it is asked for
    settled(verifier)
    verifier.verify(issuer.token())
    with pytest.raises(InvalidToken):
        verifier.verify(unknown(issuer))


@pytest.mark.parametrize("status", [403, 410])
def test_a_tenant_that_is_suspended_or_gone_has_no_keys(issuer, status):
    clock, here = Clock(), True
    verifier = Verifier([issuer.issuer], monotonic=clock, fetch=lambda url: _web.get(
        url, {}, timeout=PLENTY, most=_keys.MOST_BYTES) if here else _web.Answer(status, "", b"{}"))
    token = issuer.token()
    verifier.verify(token)
    here = False
    clock.now += 2 * issuer.max_age
    with pytest.raises(InvalidToken):
        verifier.verify(token)
    here = True
    clock.now += _keys.GONE_AGE
    assert verifier.verify(token).subject == "user"


def test_nobody_waits_for_a_server_that_has_just_failed(issuer):
    """Made-up kids must not hold every worker of an API while its issuer is silent."""
    clock, silent, go_on = Clock(), threading.Event(), threading.Event()

    def fetch(url):
        if silent.is_set():
            assert go_on.wait(PLENTY)
            raise _web.Failed("silence")
        return _web.get(url, {}, timeout=5, most=1 << 20)

    verifier, good = Verifier([issuer.issuer], monotonic=clock, fetch=fetch), issuer.token()
    verifier.verify(good)
    silent.set()
    go_on.set()
    with pytest.raises(Unavailable):
        verifier.verify(unknown(issuer))
    go_on.clear()
    clock.now += 10
    for _ in range(100):  # a fetch is under way now, and does not end
        with pytest.raises(Unavailable):
            verifier.verify(unknown(issuer))
        verifier.verify(good)
    go_on.set()
    settled(verifier)


def test_the_first_fetch_failing_is_unavailable_and_is_tried_again(issuer):
    clock = Clock()
    issuer.down = True
    verifier = Verifier([issuer.issuer], monotonic=clock)
    for _ in range(50):
        with pytest.raises(Unavailable):
            verifier.verify(issuer.token())
    assert issuer.fetches == 1
    clock.now += 1
    issuer.down = False
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())
    settled(verifier)
    assert verifier.verify(issuer.token())
    assert issuer.fetches == 2


def test_a_server_that_is_not_there_is_unavailable():
    with LocalIssuer(AUDIENCE) as gone:
        token = gone.token()
    with pytest.raises(Unavailable):
        Verifier([gone.issuer]).verify(token)


@pytest.mark.parametrize("answer", [
    (200, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b'{"keys":{}}'), (200, b"[" * 100_000), (404, b'{"keys":[]}'),
    (201, b'{"keys":[]}'), (301, b""), (302, b""), (307, b""), (308, b""), (500, b""),
    (200, b'{"keys":[' + b",".join([b"{}"] * 101) + b"]}"),
    (200, b'{"keys":[]}' + b" " * (1 << 20)),
])
def test_what_is_no_key_set_replaces_none(issuer, monkeypatch, answer):
    """A redirect above all: it leads to somebody who was not configured."""
    clock = Clock()
    with LocalIssuer(AUDIENCE) as elsewhere:
        handler = type("Handler", (), {})
        verifier, token = Verifier([issuer.issuer], monotonic=clock), issuer.token()
        verifier.verify(token)
        handler = issuer._server.RequestHandlerClass

        def do_get(self):
            issuer.fetches += 1
            self.send_response(answer[0])
            self.send_header("Location", elsewhere.url + "/.well-known/jwks.json")
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            try:
                self.wfile.write(answer[1])
            except OSError:
                pass  # who asked has read enough

        monkeypatch.setattr(handler, "do_GET", do_get)
        clock.now += 301
        verifier.verify(token)
        settled(verifier)
        assert verifier.verify(token)
        with pytest.raises(Unavailable):
            Verifier([issuer.issuer]).verify(token)
        assert issuer.fetches == 3 and elsewhere.fetches == 0


def test_a_set_without_an_end_is_not_read_to_its_end(issuer, monkeypatch):
    """What is too much is not taken in, and not only refused once it is there."""
    sent, over, whole = [], threading.Event(), 256 << 20

    def do_get(self):
        self.send_response(200)
        self.send_header("Content-Length", str(whole))
        self.end_headers()
        try:
            while sum(sent) < whole:
                self.wfile.write(b" " * (1 << 20))
                sent.append(1 << 20)
        except OSError:
            pass
        over.set()

    monkeypatch.setattr(issuer._server.RequestHandlerClass, "do_GET", do_get)
    with pytest.raises(Unavailable):
        Verifier([issuer.issuer], timeout=PLENTY).verify(issuer.token())
    assert over.wait(PLENTY) and sum(sent) < whole


def test_one_kid_twice_is_no_key_set(issuer):
    issuer.rotate().jwk["kid"] = issuer.keys[0].kid
    with pytest.raises(Unavailable):
        Verifier([issuer.issuer]).verify(issuer.token())


def test_an_empty_set_is_a_set(issuer):
    token = issuer.token()
    issuer.keys = []
    with pytest.raises(InvalidToken):
        Verifier([issuer.issuer]).verify(token)


@pytest.mark.parametrize("drip", [
    b"", b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
])
def test_a_server_that_drips_is_given_up(drip):
    """Each byte would begin the wait anew, if it were one for each read."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(drip)
            try:
                while not stop.wait(0.02):
                    connection.sendall(b"1")
            except OSError:
                pass

    server = threading.Thread(target=serve)
    server.start()
    try:
        done = []
        asked = threading.Thread(target=lambda: done.append(attempt(f"http://127.0.0.1:{listener.getsockname()[1]}/")))
        asked.start()
        asked.join(PLENTY)
        assert done and isinstance(done[0], _web.Failed)
    finally:
        stop.set()
        server.join()
        listener.close()


def attempt(url):
    try:
        return _web.get(url, {}, timeout=0.3, most=1 << 20)
    except _web.Failed as error:
        return error


def test_waiting_for_keys_has_an_end(issuer, monkeypatch):
    """Even where fetching has none, as with a name server that is silent."""
    go_on = threading.Event()

    def fetch(_url):
        go_on.wait(PLENTY)
        raise _web.Failed("at last")

    verifier = Verifier([issuer.issuer], fetch=fetch, timeout=0.1)
    monkeypatch.setattr(verifier, "_patience", 0.1)
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())
    monkeypatch.setattr(verifier, "_patience", 1e6)  # nobody else waits for it
    for _ in range(100):
        with pytest.raises(Unavailable):
            verifier.verify(issuer.token())
    go_on.set()
    settled(verifier)
    go_on.clear()
    verifier = Verifier([issuer.issuer], fetch=fetch, timeout=0.1)
    monkeypatch.setattr(verifier, "_patience", 0.1)
    with pytest.raises(Unavailable):
        asyncio.run(verifier.verify_async(issuer.token()))
    go_on.set()
    settled(verifier)


def test_whatever_a_fetch_raises_those_who_wait_go_on(issuer):
    def fetch(_url):
        raise KeyError("a mistake")

    with pytest.raises(Unavailable):
        Verifier([issuer.issuer], fetch=fetch).verify(issuer.token())


def test_no_thread_to_fetch_in_is_a_failed_fetch(issuer, monkeypatch):
    class NoThread:
        def __init__(self, **_):
            pass

        def start(self):
            raise RuntimeError("can't start new thread")

    verifier = Verifier([issuer.issuer])
    with monkeypatch.context() as patch:
        patch.setattr(_keys.threading, "Thread", NoThread)
        with pytest.raises(Unavailable):
            verifier.verify(issuer.token())


@pytest.mark.parametrize("header, age", [
    ("public, max-age=300", 300), ("max-age=60", 60), ("MAX-AGE=\"60\"", 60), ("", 300), ("no-store", 300), ("s-maxage=9", 300),
    ("max-age=999999999", 3600),
    ("max-age=-1", 300), ("max-age=x", 300),
])
def test_max_age(header, age):
    assert _keys.max_age(header) == age


def test_asyncio_waits_without_holding_up_the_loop(issuer):
    """While the keys are on their way, the loop serves others; all who wait make one fetch."""
    go_on = threading.Event()

    def fetch(url):
        assert go_on.wait(PLENTY)
        return _web.get(url, {}, timeout=5, most=1 << 20)

    async def main():
        verifier = Verifier([issuer.issuer], fetch=fetch)
        waiting = [asyncio.create_task(verifier.verify_async(issuer.token())) for _ in range(100)]
        for _ in range(10):
            await asyncio.sleep(0)  # the loop goes on, or this would never come to the next line
        assert not any(task.done() for task in waiting)
        waiting.pop().cancel()  # one who has gone takes the fetch from nobody
        go_on.set()
        assert len(await asyncio.gather(*waiting)) == 99
        issuer.rotate()
        assert (await verifier.verify_async(issuer.token("ann"))).subject == "ann"
        with pytest.raises(InvalidToken):
            await verifier.verify_async(unknown(issuer))

    asyncio.run(main())
    assert issuer.fetches == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_in_the_middle_of_a_fetch_leaves_the_child_none_to_wait_for(issuer):
    """Servers make the application and then fork workers; the thread that fetches is not in them."""
    go_on, began, parent = threading.Event(), threading.Event(), os.getpid()

    def fetch(url):
        if os.getpid() == parent:
            began.set()
            assert go_on.wait(PLENTY)
        return _web.get(url, {}, timeout=5, most=1 << 20)

    verifier, token = Verifier([issuer.issuer], fetch=fetch), issuer.token()
    first = threading.Thread(target=verifier.verify, args=(token,))
    first.start()
    assert began.wait(PLENTY)
    child = os.fork()
    if child == 0:
        signal.alarm(PLENTY)  # ends a child that waits for a lock that nobody in it holds
        try:
            verifier.verify(token)
            os._exit(0)
        except BaseException:
            os._exit(1)
    ended = os.waitpid(child, 0)[1]
    go_on.set()
    first.join()
    assert os.waitstatus_to_exitcode(ended) == 0


def test_proxies_of_the_environment_are_not_asked(issuer, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Verifier([issuer.issuer]).verify(issuer.token())


def test_only_https_s_own_port_and_names_are_connected_to(monkeypatch):
    asked = []

    def request(connection, method, path, **_):
        asked.append((type(connection), connection.host, connection.port, method, path))
        raise OSError("no network")

    monkeypatch.setattr(http.client.HTTPConnection, "request", request)
    with LocalIssuer(AUDIENCE) as local, pytest.raises(Unavailable):
        Verifier([Issuer("https://auth.example.org:8443/acme", AUDIENCE)]).verify(local.token(iss="https://auth.example.org:8443/acme"))
    assert asked == [(http.client.HTTPSConnection, "auth.example.org", 8443, "GET", "/acme/.well-known/jwks.json")]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), datetime.now(timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
                   .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).sign(key, hashes.SHA256()))
    pem = tmp_path / "pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with LocalIssuer(AUDIENCE) as local:
        local._server.socket = context.wrap_socket(local._server.socket, server_side=True)
        url = f"https://localhost:{local._server.server_port}"
        with pytest.raises(_web.Failed, match="CERTIFICATE_VERIFY_FAILED"):
            _web.get(url + "/.well-known/jwks.json", {}, timeout=5, most=1 << 20)
        with pytest.raises(Unavailable):
            Verifier([Issuer(url, AUDIENCE)]).verify(local.token(iss=url))
        # The same server, once somebody vouches for it.
        ours = ssl.create_default_context(cafile=str(pem))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http.client.ssl, "_create_default_https_context", lambda: ours)
            patch.setattr(http.client, "_create_https_context", lambda *_: ours, raising=False)
            assert Verifier([Issuer(url, AUDIENCE)]).verify(local.token(iss=url))


def test_the_log_says_why_and_repeats_no_token(issuer, caplog):
    verifier, token = Verifier([issuer.issuer]), issuer.token()
    with caplog.at_level(logging.DEBUG):
        verifier.verify(token)
        with pytest.raises(InvalidToken) as refused:
            verifier.verify(unknown(issuer))
    assert token not in caplog.text and token.split(".")[1] not in str(refused.value)
