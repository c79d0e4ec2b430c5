"""The verifier: what a token must be to be accepted. See docs/tokens.md of Vestibule for what tokens say."""

import asyncio
import base64
import binascii
import concurrent.futures
import json
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ._keys import MOST_BYTES, Keys
from ._web import Answer, base_url, get
from .errors import InvalidToken, Unavailable

MOST_TOKEN = 8 << 10  # bytes: the server makes no longer ones
MOST_AHEAD = 300  # seconds that the server's clock may be ahead of this one
LATEST = 253402300799  # the end of the year 9999, in seconds since 1970
KEYS_PATH = "/.well-known/jwks.json"


@dataclass(frozen=True)
class Issuer:
    """A tenant whose users are let in.

    url is the tenant's public_url, without a slash at its end, as tokens have it in `iss`; audience is its
    headless.jwt_audience, or the url again where that is null. Both are compared letter for letter. The keys are fetched from
    <url>/.well-known/jwks.json.
    """

    url: str
    audience: str


@dataclass(frozen=True)
class Identity:
    """Whom a token stands for. A subject is unique within its issuer only: with several, remember both."""

    issuer: str
    subject: str  # the user's id
    session: str  # the session's id, which opens nothing
    expires: datetime  # in UTC
    claims: Mapping[str, Any] = field(hash=False, repr=False)  # all that the token says, those of the tenant's own among it


class Verifier:
    """Verifies the access tokens of one or more issuers. It is made once, and safe for threads, asyncio and forks.

    issuers are those that are accepted, and the only servers that are ever asked for keys. An address that is not https is a
    ValueError unless it is this machine's, or allow_http is set. timeout bounds one fetch of keys, in seconds. refetch_interval is how many
    seconds there are at least between two fetches that tokens with unknown keys cause, for each issuer. max_stale is for how many
    seconds keys are used after they were last fetched while their issuer cannot be reached.

    fetch replaces what gets a key set, for those who must go through a proxy, say: it is given the address, runs in a thread, must
    not follow redirects, and what it raises is a failure. clock and monotonic tell the time, in seconds, and are replaced in tests.
    """

    def __init__(self, issuers: Iterable[Issuer], *, allow_http: bool = False, timeout: float = 5.0, refetch_interval: float = 10.0,
                 max_stale: float = 24 * 3600.0, fetch: Callable[[str], Answer] | None = None,
                 clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        if timeout <= 0 or refetch_interval <= 0 or max_stale < 0:
            raise ValueError("timeout and refetch_interval must be more than 0, and max_stale 0 or more")
        self._clock, self._patience = clock, timeout + 1
        self._issuers: dict[str, tuple[Issuer, Keys]] = {}
        for issuer in issuers:
            url = base_url(issuer.url, allow_http=allow_http)
            if not isinstance(issuer.audience, str) or not issuer.audience:
                raise ValueError(f"the issuer {url!r} needs an audience")
            if url in self._issuers:
                raise ValueError(f"the issuer {url!r} is there twice")
            keys = Keys(url + KEYS_PATH, fetch or (lambda address: get(address, {}, timeout=timeout, most=MOST_BYTES)),
                        refetch_interval=refetch_interval, max_stale=max_stale, monotonic=monotonic)
            self._issuers[url] = (issuer, keys)
        if not self._issuers:
            raise ValueError("there is no issuer")

    def verify(self, token: str) -> Identity:
        """Whom an access token stands for. InvalidToken where it is not accepted, Unavailable where that cannot be told.

        It computes only, and takes about a tenth of a millisecond. It waits for the network where there are no keys yet or only old ones,
        or the one that the token names is not there and has not been asked for lately: for one fetch or two, each of them timeout and a second
        at most."""
        steps = self._steps(token)
        try:
            flight = next(steps)
            while True:
                concurrent.futures.wait([flight], self._patience)
                flight = next(steps)
        except StopIteration as done:
            return done.value

    async def verify_async(self, token: str) -> Identity:
        """verify for asyncio: it waits for the network without holding up the loop, or a thread."""
        steps = self._steps(token)
        try:
            flight = next(steps)
            while True:
                await asyncio.wait([asyncio.wrap_future(flight)], timeout=self._patience)
                flight = next(steps)
        except StopIteration as done:
            return done.value

    def _steps(self, token: str) -> "Generator[concurrent.futures.Future[None], None, Identity]":
        """verify, as far as it can go without waiting; it yields what is to be waited for."""
        if not isinstance(token, str) or not token.isascii():
            raise InvalidToken("not text")
        if len(token) > MOST_TOKEN:
            raise InvalidToken("too long")
        parts = token.split(".")
        if len(parts) != 3:
            raise InvalidToken("not three parts")
        head, claims, signature = _object(parts[0]), _object(parts[1]), _decode(parts[2])
        if head.keys() != {"alg", "kid", "typ"} or head["typ"] != "JWT":
            raise InvalidToken("the header is none that an issuer writes")
        kid, issuer = head["kid"], claims.get("iss")
        if not isinstance(kid, str) or not kid:
            raise InvalidToken("kid is no text")
        # Nothing is proved yet: what the token says chooses among what was configured, and no more.
        configured = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if configured is None:
            raise InvalidToken("another issuer")
        expected, keys = configured
        for _ in range(3):  # a fetch that was under way, and one of its own
            key = keys.find(kid)
            if not isinstance(key, concurrent.futures.Future):
                break
            yield key
            if not key.done():
                keys.give_up()
        else:
            raise Unavailable("the issuer's keys take too long")
        if key is None:
            raise InvalidToken("the issuer has no such key")
        if head["alg"] != key.algorithm:
            raise InvalidToken("not the key's algorithm")
        if not key.verifies(token[:len(parts[0]) + 1 + len(parts[1])].encode("ascii"), signature):
            raise InvalidToken("the signature does not fit")
        return _identity(claims, expected, int(self._clock()))


def _identity(claims: dict[str, Any], expected: Issuer, now: int) -> Identity:
    """Whom proved claims are about."""
    if claims.get("aud") != expected.audience:
        raise InvalidToken("another audience")
    if claims.get("token_use") != "access":
        raise InvalidToken("another use")
    for name in ("sub", "sid", "jti"):
        if not isinstance(claims.get(name), str) or not claims[name]:
            raise InvalidToken(f"{name} is missing or no text")
    if "nbf" in claims:
        raise InvalidToken("has nbf, which an issuer does not write")
    issued, expires = claims.get("iat"), claims.get("exp")
    for moment in (issued, expires):
        if type(moment) is not int or not 0 <= moment <= LATEST:  # True is an int, too
            raise InvalidToken("exp or iat is missing or no whole number")
    if now >= expires:
        raise InvalidToken("expired")
    if issued > now + MOST_AHEAD or issued > expires:
        raise InvalidToken("from the future")
    return Identity(expected.url, claims["sub"], claims["sid"], datetime.fromtimestamp(expires, timezone.utc), claims)


def _decode(part: str) -> bytes:
    """base64url without padding (RFC 7515, section 2), of which one spelling is read."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise InvalidToken("a part is not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part.encode("ascii"):  # the decoder passes over what it does not know
        raise InvalidToken("a part is not base64url")
    return raw


def _object(part: str) -> dict[str, Any]:
    """A part that is a JSON object, in which nothing is there twice."""
    raw = _decode(part)
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidToken("a part is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidToken("a part is no object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidToken("a member is there twice")
    return members


def _no_constant(_name: str) -> Any:
    raise InvalidToken("a number is none")
