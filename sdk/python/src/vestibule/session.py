"""Sessions, by asking the server: for an API that is shown session tokens, or that must know at once that a session has ended."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._web import Failed, base_url, get
from .errors import InvalidToken, Unavailable

MOST_ANSWER = 1 << 20
SESSION_PATH = "/_allauth/app/v1/auth/session"


@dataclass(frozen=True)
class Session:
    """A session that is signed in."""

    user: Mapping[str, Any] = field(hash=False)  # what the server shows of its user: id, display, email and more
    methods: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)  # how the user signed in, the first first


class SessionCheck:
    """Asks a tenant's server about session tokens, each time: nothing is remembered, so that a session that has ended is refused at once.

    url and allow_http are those of an Issuer. timeout bounds one question, in seconds.
    """

    def __init__(self, url: str, *, allow_http: bool = False, timeout: float = 2.0) -> None:
        if timeout <= 0:
            raise ValueError("timeout must be more than 0")
        self._url, self._timeout = base_url(url, allow_http=allow_http) + SESSION_PATH, timeout

    def check(self, session_token: str) -> Session:
        """The session of an app's session token (X-Session-Token). InvalidToken where nobody is signed in by it, Unavailable where the
        server does not say."""
        if not isinstance(session_token, str) or not re.fullmatch(r"[!-~]{1,8192}", session_token):
            raise InvalidToken("no session token")
        try:
            answer = get(self._url, {"X-Session-Token": session_token}, timeout=self._timeout, most=MOST_ANSWER)
        except Failed as error:
            raise Unavailable(f"the session cannot be asked for: {error}") from error
        if answer.status in (401, 410):
            raise InvalidToken("the session is not signed in")
        if answer.status != 200:
            raise Unavailable(f"the session cannot be asked for: status {answer.status}")
        try:
            document = json.loads(answer.body)
            signed_in, data = document["meta"]["is_authenticated"], document["data"]
            user, methods = data["user"], data.get("methods", [])
            understood = isinstance(user, dict) and isinstance(methods, list)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            understood = False
        if not understood:
            raise Unavailable("the session cannot be asked for: the answer is none of this API")
        if signed_in is not True:
            raise InvalidToken("the session is not signed in")
        return Session(user, tuple(methods))

    async def check_async(self, session_token: str) -> Session:
        """check for asyncio, in a thread."""
        return await asyncio.to_thread(self.check, session_token)
