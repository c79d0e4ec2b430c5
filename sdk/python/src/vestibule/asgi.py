"""ASGI middleware: Starlette, FastAPI, Quart, Django under ASGI, anything. It needs asyncio.

    app = VestibuleMiddleware(app, verifier)

`scope["vestibule"]` is then the Identity or, with required=False and where no token was sent, None. A token that is sent and not
accepted is answered with 401 either way. With CORS, put it inside of what answers preflights: browsers send no token with those.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ._web import bearer, refusal, unavailable
from .errors import InvalidToken, Unavailable
from .verifier import Verifier

log = logging.getLogger("vestibule")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class VestibuleMiddleware:
    """Lets requests and websockets in that carry an access token in their Authorization header. With required=False those without a token
    come in, too."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], verifier: Verifier, *, required: bool = True) -> None:
        self._app, self._verifier, self._required = app, verifier, required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)  # the application's start and end
            return
        token = _token(scope)
        identity = None
        if token is not None or self._required:
            try:
                if token is None:
                    raise InvalidToken("no token")
                identity = await self._verifier.verify_async(token)
            except InvalidToken as error:
                log.info("a request is refused: %s", error)
                await _answer(scope, receive, send, refusal(token is not None))
                return
            except Unavailable as error:
                log.warning("a request cannot be judged: %s", error)
                await _answer(scope, receive, send, unavailable())
                return
        await self._app({**scope, "vestibule": identity}, receive, send)


def _token(scope: Scope) -> str | None:
    headers = [value for name, value in scope.get("headers", ()) if name.lower() == b"authorization"]
    if len(headers) > 1:
        return ""  # whoever reads the other one must not see somebody else: no token, and not accepted
    return bearer(headers[0].decode("latin-1")) if headers else None


async def _answer(scope: Scope, receive: Receive, send: Send, answer: tuple[int, list[tuple[str, str]], bytes]) -> None:
    status, headers, body = answer
    raw = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode("ascii")))
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})
        return
    await receive()  # websocket.connect
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": raw})
        await send({"type": "websocket.http.response.body", "body": body})
        return
    await send({"type": "websocket.close", "code": 1008 if status == 401 else 1013})  # RFC 6455, section 7.4.1, and IANA's registry
