"""WSGI middleware: Flask, Pyramid, Bottle, Django under WSGI, anything.

    app.wsgi_app = VestibuleMiddleware(app.wsgi_app, verifier)

`environ["vestibule.identity"]` is then the Identity or, with required=False and where no token was sent, None. A token that is sent and not
accepted is answered with 401 either way.
"""

import logging
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any

from ._web import bearer, refusal, unavailable
from .errors import InvalidToken, Unavailable
from .verifier import Verifier

log = logging.getLogger("vestibule")


class VestibuleMiddleware:
    """Lets requests in that carry an access token in their Authorization header. With required=False those without a token come in, too."""

    def __init__(self, app: Callable[..., Iterable[bytes]], verifier: Verifier, *, required: bool = True) -> None:
        self._app, self._verifier, self._required = app, verifier, required

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serves one request."""
        token = bearer(environ.get("HTTP_AUTHORIZATION"))
        environ["vestibule.identity"] = None
        if token is None and not self._required:
            return self._app(environ, start_response)
        try:
            if token is None:
                raise InvalidToken("no token")
            environ["vestibule.identity"] = self._verifier.verify(token)
        except InvalidToken as error:
            log.info("a request is refused: %s", error)
            status, headers, body = refusal(token is not None)
        except Unavailable as error:
            log.warning("a request cannot be judged: %s", error)
            status, headers, body = unavailable()
        else:
            return self._app(environ, start_response)
        start_response(f"{status} {responses[status]}", [*headers, ("Content-Length", str(len(body)))])
        return [body]
