"""An issuer for tests: it mints tokens, and serves its keys on this machine.

    with LocalIssuer(audience="api") as issuer:
        verifier = Verifier([issuer.issuer])
        identity = verifier.verify(issuer.token(subject="ann"))
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from .verifier import KEYS_PATH, Issuer


class SigningKey:
    """A key pair that signs as the server's do: its kid is the thumbprint of RFC 7638."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        if algorithm == "RS256":
            self.private: Any = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            rsa_numbers = self.private.public_key().public_numbers()
            needed = {"kty": "RSA", "n": _number(rsa_numbers.n, 256), "e": _number(rsa_numbers.e, 3)}
        elif algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            point = self.private.public_key().public_numbers()
            needed = {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
            raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            needed = {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}
        else:
            raise ValueError(f"{algorithm!r} is none of RS256, ES256 and EdDSA")
        self._method = jwt.algorithms.get_default_algorithms()[algorithm]
        self.kid = encode(hashlib.sha256(_json(needed)).digest())
        self.jwk: dict[str, Any] = {**needed, "kid": self.kid, "alg": algorithm, "use": "sig"}

    def sign(self, header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes) -> str:
        """The token of a header and claims, whatever they say; bytes are taken as they are."""
        parts = [part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
        signed = ".".join(encode(part) for part in parts)
        return signed + "." + encode(self._method.sign(signed.encode("ascii"), self.private))


class LocalIssuer:
    """An issuer that is served from entering to leaving its block."""

    def __init__(self, audience: str = "api", algorithm: str = "ES256", *, max_age: int = 300) -> None:
        self.audience, self.algorithm, self.max_age = audience, algorithm, max_age
        self.keys = [SigningKey(algorithm)]  # those that are published; the last one signs
        self.fetches = 0  # how often the keys were asked for
        self.down = False  # answer with 503
        self._counting = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "LocalIssuer":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="vestibule-testing", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stops serving: connections are refused from then on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def issuer(self) -> Issuer:
        """What a Verifier is configured with."""
        return Issuer(self.url, self.audience)

    def rotate(self, algorithm: str | None = None, *, retire: bool = False) -> SigningKey:
        """Has a new key sign at once. With retire the others are published no more."""
        key = SigningKey(algorithm or self.algorithm)
        self.keys = [key] if retire else [*self.keys, key]
        return key

    def claims(self, subject: str = "user", *, expires_in: int = 300, **more: Any) -> dict[str, Any]:
        """The claims of an access token. Further ones are added or replace those of the same name; None takes one away."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.audience, "sub": subject, "sid": secrets.token_hex(16), "jti": secrets.token_hex(16),
                  "token_use": "access", "iat": now, "exp": now + expires_in, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, subject: str = "user", *, expires_in: int = 300, **more: Any) -> str:
        """An access token with those claims (see claims), signed by the latest key."""
        key = self.keys[-1]
        return key.sign({"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}, self.claims(subject, expires_in=expires_in, **more))

    def _answer(self, path: str) -> tuple[int, bytes]:
        if path != KEYS_PATH:
            return 404, b"{}"
        with self._counting:
            self.fetches += 1
        return (503, b"{}") if self.down else (200, _json({"keys": [key.jwk for key in self.keys]}))


def _handler(issuer: LocalIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = issuer._answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Cache-Control", f"public, max-age={issuer.max_age}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: the output is the tests'."""

    return Handler


def encode(raw: bytes) -> str:
    """base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _number(value: int, length: int) -> str:
    """A number of a key, with the zeros in front that it needs to have its length (RFC 7518, section 6.2.1.2). PyJWT leaves them out."""
    return encode(value.to_bytes(length, "big"))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii")
