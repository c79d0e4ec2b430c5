"""HTTP: which addresses are asked, how they are asked, and what is read of a request's Authorization header.

Nothing follows a redirect, since that leads to an address that nobody configured, and nothing heeds the proxies of the
environment. One deadline bounds the whole of an exchange, so that a server that drips is no better than one that is silent.
"""

import http.client
import io
import ipaddress
import re
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


class Failed(Exception):
    """An exchange came to nothing. The text says why, and repeats no more than what was configured."""


@dataclass(frozen=True)
class Answer:
    """What a server answered: status, Cache-Control (or ""), body."""

    status: int
    cache_control: str
    body: bytes


def base_url(url: str, *, allow_http: bool = False) -> str:
    """The URL of a tenant, as it must be configured: https, or http on this machine (or with allow_http), a host, perhaps a
    port and a path, no slash at its end. ValueError says what is wrong with another one."""
    parts = urlsplit(url)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if parts.scheme not in ("http", "https") or not host or not re.fullmatch(r"[!-~]+", url):
        raise ValueError(f"{url!r} is not the http(s) URL of a server")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError(f"{url!r} has a user, a query or a fragment, which the URL of an issuer has not")
    if url.endswith("/"):
        raise ValueError(f"{url!r} ends with a slash, which the issuer in tokens does not")
    if parts.scheme == "http" and not allow_http and not loopback(host):
        raise ValueError(f"{url!r} is not https: whoever is on the way could send keys of their own (allow_http=True allows it)")
    return url


def loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says (RFC 6761, section 6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def get(url: str, headers: dict[str, str], *, timeout: float, most: int) -> Answer:
    """Gets a URL within timeout seconds, with a body of at most that many bytes. Failed says what came between. Looking a name up
    is the one thing that the system's own patience bounds."""
    deadline = time.monotonic() + timeout
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args, **kwargs) -> None:
            super().__init__(_Patient(sock, deadline), *args, **kwargs)  # type: ignore[arg-type]

    connection.response_class = Response
    try:
        connection.request("GET", parts.path or "/", headers={"Accept": "application/json", "User-Agent": "vestibule-python", **headers})
        response = connection.getresponse()
        try:
            body = response.read(most + 1)
        finally:
            response.close()
        if len(body) > most:
            raise Failed(f"the answer has more than {most} bytes")
        return Answer(response.status, response.getheader("Cache-Control") or "", body)
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"{type(error).__name__}: {error}"[:200]) from error
    finally:
        connection.close()


class _Patient:
    """A socket as HTTPResponse wants it, every read of which waits until one deadline at most."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self._sock, self._deadline))


class _Stream(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._file = sock.makefile("rb", buffering=0)  # keeps the socket open when the connection lets go of it

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int | None:  # type: ignore[no-untyped-def]
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


REALM = "Bearer"
REFUSED = 'Bearer error="invalid_token"'
RETRY_AFTER = "5"


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header (RFC 6750, section 2.1), or None where there is none or it is of another scheme. What
    comes after the scheme is not looked at: that is the verifier's."""
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip(" ") if scheme.lower() == "bearer" else None


def refusal(sent: bool) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer to whoever is not let in (RFC 6750, section 3): with error where a token was sent, and not where none was."""
    return 401, [("WWW-Authenticate", REFUSED if sent else REALM), ("Content-Type", "application/json")], b'{"status":401}'


def unavailable() -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer where nobody can tell whether a token is good."""
    return 503, [("Retry-After", RETRY_AFTER), ("Content-Type", "application/json")], b'{"status":503}'
