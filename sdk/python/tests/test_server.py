"""The real server: somebody signs up, and the access token that it hands out is checked, before and after its key is replaced."""

import base64
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from vestibule import InvalidToken, Issuer, SessionCheck, Verifier

SERVER, ADMIN = os.environ.get("VESTIBULE_SERVER"), os.environ.get("VESTIBULE_ADMIN")
AUDIENCE = "https://api.example.org"
PASSWORD = "Kestrel-Orbit-49"
STARTING = 60

pytestmark = pytest.mark.skipif(
    not (SERVER and ADMIN), reason="VESTIBULE_SERVER and VESTIBULE_ADMIN name no programs (make sdk-python builds them)")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Server:
    """A server for development with a database of its own, whose tenant demo hands out tokens."""

    def __init__(self, folder):
        public, operators = free_port(), free_port()
        self.folder, self.url, self.operators = folder, f"http://localhost:{public}", f"http://127.0.0.1:{operators}"
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen([SERVER, "--dev"], cwd=folder, stdout=self.log, stderr=self.log, env={
            "PATH": os.environ["PATH"], "HOME": str(folder), "VESTIBULE_LISTEN": f"127.0.0.1:{public}",
            "VESTIBULE_ADMIN_LISTEN": f"127.0.0.1:{operators}"})

    def wait(self):
        end = time.monotonic() + STARTING
        while True:
            try:
                with urllib.request.urlopen(self.operators + "/readyz", timeout=5):
                    return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"the server does not start ({error}):\n{(self.folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def admin(self, *args, given=None):
        """What the operators' command answers."""
        done = subprocess.run([ADMIN, *args], input=given, capture_output=True, text=True, env={
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "VESTIBULE_ADMIN_URL": self.operators,
            "VESTIBULE_ADMIN_TOKEN_FILE": str(self.folder / ".vestibule" / "admin-token")})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def app(self, method, path, body=None, **headers):
        """What an app is answered by the tenant."""
        request = urllib.request.Request(f"{self.url}/_allauth/app/v1{path}", method=method,
                                         headers={"Content-Type": "application/json", **headers},
                                         data=json.dumps(body).encode() if body else None)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.loads(error.read())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module", params=["RS256", "ES256", "EdDSA"])
def server(request):
    with tempfile.TemporaryDirectory(prefix="vestibule-sdk-") as folder:
        one = Server(Path(folder))
        try:
            one.wait()
            one.algorithm = request.param
            one.admin("tenant", "patch", "demo", "--config", "-", given=json.dumps({
                "headless": {"token_strategy": "jwt", "jwt_audience": AUDIENCE, "jwt_algorithm": request.param,
                             "jwt_claims": {"email": "{{.User.Email}}"}},
                "account": {"email_verification": "none", "rate_limits": False}}))
            yield one
        finally:
            one.stop()


def test_tokens_of_the_real_server(server):
    signed_up = server.app("POST", "/auth/signup", {"email": "ann@example.org", "username": "ann", "password": PASSWORD})
    assert signed_up["status"] == 200, signed_up
    meta, user = signed_up["meta"], signed_up["data"]["user"]
    verifier = Verifier([Issuer(server.url, AUDIENCE)])

    identity = verifier.verify(meta["access_token"])
    assert (identity.issuer, identity.subject, identity.claims["email"]) == (server.url, str(user["id"]), "ann@example.org")
    with pytest.raises(InvalidToken, match="another audience"):
        verifier.verify(meta["refresh_token"])
    with pytest.raises(InvalidToken, match="another use"):  # where the audience is left at its default, the use alone tells
        Verifier([Issuer(server.url, server.url)]).verify(meta["refresh_token"])
    with pytest.raises(InvalidToken):
        verifier.verify(meta["session_token"])

    # The key is replaced at once, which nobody who remembers the key set knows of.
    server.admin("key", "rotate", "--tenant", "demo", "--now")
    renewed = server.app("POST", "/tokens/refresh", {"refresh_token": meta["refresh_token"]})
    later = verifier.verify(renewed["data"]["access_token"])
    assert (later.subject, later.session) == (identity.subject, identity.session)
    assert verifier.verify(meta["access_token"]) == identity  # the old key goes on being published
    heads = [json.loads(_decoded(token.split(".")[0])) for token in (meta["access_token"], renewed["data"]["access_token"])]
    assert heads[0]["kid"] != heads[1]["kid"] and {head["alg"] for head in heads} == {server.algorithm}

    # The old key has leaked, and is taken away: whoever starts anew knows it no more.
    server.admin("key", "retire", heads[0]["kid"], "--tenant", "demo", "--yes")
    with pytest.raises(InvalidToken, match="no such key"):
        Verifier([Issuer(server.url, AUDIENCE)]).verify(meta["access_token"])

    # Sessions, by asking.
    sessions = SessionCheck(server.url)
    assert sessions.check(meta["session_token"]).user["id"] == user["id"]
    again = server.app("POST", "/auth/login", {"email": "ann@example.org", "password": PASSWORD})["meta"]
    assert sessions.check(again["session_token"]).methods[0]["method"] == "password"
    with pytest.raises(InvalidToken):
        sessions.check("somebody's")
    assert server.app("DELETE", "/auth/session", **{"X-Session-Token": meta["session_token"]})["status"] == 401
    with pytest.raises(InvalidToken):
        sessions.check(meta["session_token"])


def _decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
