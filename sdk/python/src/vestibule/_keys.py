"""The published keys of one issuer, remembered: what is fetched when, and who waits for it.

A set is fetched when a token first asks for it. Once its max-age is over it goes on being used while a thread fetches the
next one, for up to max_stale seconds after it was fetched; but where nobody asked for so long that it is twice as old as it
should get, who comes waits for the next one, so that a key which was taken away meanwhile is not believed once more. A key
that is not in the set is asked for at once, but no more than once in refetch_interval seconds, whoever asks for whatever.
There is never more than one fetch of an issuer at a time.

Whoever needs a key that is not there waits for the fetch that may bring it. After a fetch that failed nobody waits, as long as
somebody asked within the last minute: strangers could hold every worker of an application with made-up tokens while the issuer
is out of reach.
"""

import json
import logging
import os
import re
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import jwt

from ._web import Answer, Failed
from .errors import Unavailable

log = logging.getLogger("vestibule")

MOST_BYTES = 1 << 20
MOST_KEYS = 100
DEFAULT_AGE = 300.0  # of a set that does not say; what Vestibule says of its own
MOST_AGE = 3600.0
NO_KEYS = (403, 410)  # a tenant that is suspended or gone has none: an answer, and no failure, as 404 is, which may be a proxy's mistake
GONE_AGE = 30.0  # of that answer
FIRST_RETRY = 1.0  # between fetches while there is no set
QUIET = 60.0  # since the last failure, after which somebody waits again


# The algorithms: the type and curve of their keys, and what of a JWK makes the public half.
KINDS = {
    "RS256": ("RSA", None, ("kty", "n", "e")),
    "ES256": ("EC", "P-256", ("kty", "crv", "x", "y")),
    "EdDSA": ("OKP", "Ed25519", ("kty", "crv", "x")),
}


class Key:
    """A public key with the one algorithm that it is for."""

    __slots__ = ("_key", "_method", "algorithm")

    def __init__(self, jwk: dict[str, Any]) -> None:
        """Reads a JWK (RFC 7517, RFC 7518 section 6, RFC 8037). ValueError says why it is no key that tokens are signed with."""
        if jwk.get("use", "sig") != "sig":
            raise ValueError("it is not for signatures")
        alg = jwk.get("alg")
        if not isinstance(alg, str) or alg not in KINDS:
            raise ValueError("its algorithm is none of RS256, ES256 and EdDSA")
        kty, crv, members = KINDS[alg]
        if (jwk.get("kty"), jwk.get("crv")) != (kty, crv):
            raise ValueError(f"it is not one for {alg}")
        # Of what it says no more is handed on than makes a public key: whoever publishes a private one signs nothing by it here.
        public = {name: jwk.get(name) for name in members}
        if not all(isinstance(value, str) and len(value) <= 1024 for value in public.values()):
            raise ValueError("a part of it is missing")
        try:
            made = jwt.PyJWK(public, algorithm=alg)
        except Exception as error:  # the library and what is below it raise whatever they like
            raise ValueError("it cannot be read") from error
        if alg == "RS256" and not 2048 <= made.key.key_size <= 4096:  # more would cost whoever checks
            raise ValueError("it does not have 2048 to 4096 bits")
        self.algorithm: str = alg
        self._key, self._method = made.key, made.Algorithm

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        return bool(self._method.verify(signed, self._key, signature))


def read_set(body: bytes) -> dict[str, Key]:
    """The keys of a JWK Set (RFC 7517, section 5) by their kid. Those that are none for tokens are passed over; what is no set at
    all, or has too many keys or one kid twice, is Failed."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Failed("what is there is not JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Failed("what is there is no key set")
    if len(listed) > MOST_KEYS:
        raise Failed(f"the key set has more than {MOST_KEYS} keys")
    keys: dict[str, Key] = {}
    for jwk in listed:
        kid = jwk.get("kid") if isinstance(jwk, dict) else None
        if not isinstance(kid, str) or not kid:
            continue
        try:
            key = Key(jwk)
        except ValueError as error:
            log.warning("a published key is passed over: %s", error)
            continue
        if kid in keys:
            raise Failed("the key set has two keys of one kid")
        keys[kid] = key
    return keys


def max_age(cache_control: str) -> float:
    """For how many seconds an answer may be remembered (RFC 9111, section 5.2.2.1)."""
    match = re.search(r'(?:^|[,\s])max-age="?(\d{1,9})', cache_control, re.IGNORECASE)
    return min(float(match[1]), MOST_AGE) if match else DEFAULT_AGE


@dataclass(frozen=True)
class _Held:
    keys: dict[str, Key]
    fresh_until: float
    late_from: float
    usable_until: float


class Keys:
    """The keys of an issuer. fetch gets the set, and is called in a thread of its own; its Failed or any other exception is a failure."""

    def __init__(self, url: str, fetch: Callable[[str], Answer], *, refetch_interval: float, max_stale: float,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url, self._fetch, self._monotonic = url, fetch, monotonic
        self._refetch_interval, self._max_stale = refetch_interval, max_stale
        self._held: _Held | None = None
        self._begin_anew()
        _all.add(self)

    def _begin_anew(self) -> None:
        """Forgets the fetch that is under way, and is nobody's after a fork."""
        self._lock = threading.Lock()
        self._flight: Future[None] | None = None
        self._first_at = self._asked_at = self._refreshed_at = self._failed_at = -float("inf")
        self._failed = False

    def find(self, kid: str) -> "Key | None | Future[None]":
        """The key of that kid, or None where the issuer has none, or the fetch after which one may ask again. Unavailable where that
        cannot be told."""
        now = self._monotonic()
        held = self._held  # read without the lock: it is put in place as a whole
        if held is not None and now < held.fresh_until and (key := held.keys.get(kid)) is not None:
            return key
        with self._lock:
            held = self._held
            usable = held is not None and now < held.usable_until
            patient = not self._failed or now >= self._failed_at + QUIET
            if held is not None and usable and (key := held.keys.get(kid)) is not None:
                due = now >= held.fresh_until and now >= self._refreshed_at + self._refetch_interval
                if due and self._flight is None:
                    self._refreshed_at = now
                    self._begin()
                return self._flight if self._flight is not None and patient and now >= held.late_from else key
            if self._flight is None and usable and now >= self._asked_at + self._refetch_interval:
                self._asked_at = now
                self._begin()
            elif self._flight is None and not usable and now >= self._first_at + min(FIRST_RETRY, self._refetch_interval):
                self._first_at = now
                self._begin()
            if self._flight is not None and patient:
                return self._flight
            if usable and not self._failed:
                return None
        raise Unavailable("the issuer's keys cannot be fetched")

    def give_up(self) -> None:
        """Has nobody wait any more for a fetch that takes too long. It counts as failed until it has come to something."""
        with self._lock:
            if self._flight is not None:
                self._failed, self._failed_at = True, self._monotonic()

    def _begin(self) -> None:
        """Begins to fetch. The lock is held."""
        flight: Future[None] = Future()
        self._flight = flight
        try:
            threading.Thread(target=self._run, args=(flight,), name="vestibule-keys", daemon=True).start()
        except RuntimeError as error:
            self._land(flight, error)

    def _run(self, flight: "Future[None]") -> None:
        began = self._monotonic()
        try:
            answer = self._fetch(self._url)
            if answer.status in NO_KEYS:
                keys, age = {}, max(GONE_AGE, self._refetch_interval)
            elif answer.status != 200:
                raise Failed(f"status {answer.status}")
            elif len(answer.body) > MOST_BYTES:
                raise Failed(f"the answer has more than {MOST_BYTES} bytes")
            else:
                keys = read_set(answer.body)
                age = max(max_age(answer.cache_control), self._refetch_interval)
            outcome: _Held | BaseException = _Held(keys, began + age, began + 2 * age, began + max(age, self._max_stale))
        except BaseException as error:  # whatever it is, those who wait must not wait for ever
            outcome = error
        with self._lock:
            self._land(flight, outcome)

    def _land(self, flight: "Future[None]", outcome: "_Held | BaseException") -> None:
        """Ends a fetch. The lock is held."""
        self._flight = None
        if isinstance(outcome, _Held):
            if self._failed:
                log.info("keys are fetched again from %s", self._url)
            self._held, self._failed = outcome, False
        else:
            self._failed, self._failed_at = True, self._monotonic()
            log.warning("keys could not be fetched from %s: %s", self._url, outcome)
        flight.set_result(None)


_all: "weakref.WeakSet[Keys]" = weakref.WeakSet()


def _after_fork() -> None:
    for keys in list(_all):
        keys._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
