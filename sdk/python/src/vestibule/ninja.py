"""Authentication for Django Ninja, which takes any callable for it.

    api = NinjaAPI()
    users = protect(api, verifier)

    @api.get("/me", auth=users)
    def me(request):
        return {"id": request.auth.subject}

`request.auth` is then the Identity. A Bearer without protect serves as well, for routers that have no api at hand; Ninja then answers
401 by itself, without WWW-Authenticate, and Unavailable is the application's to answer.
"""

import logging
from typing import Any

from .django import answer, token_of
from .errors import InvalidToken, Unavailable
from .verifier import Identity, Verifier

log = logging.getLogger("vestibule")


class Bearer:
    """Knows users by the access token in the Authorization header: the Identity, or None. With raises, a token that is not accepted
    raises InvalidToken instead, so that no other way in is tried. Unavailable is raised either way."""

    openapi_type = "http"  # by these three Ninja has it in its document
    openapi_scheme = "bearer"
    openapi_bearerFormat = "JWT"

    def __init__(self, verifier: Verifier, *, raises: bool = False) -> None:
        self._verifier, self._raises = verifier, raises

    def __call__(self, request: Any) -> Identity | None:
        """Looks at one request."""
        token = token_of(request)
        if token is None:
            return None
        try:
            return self._verifier.verify(token)
        except InvalidToken as error:
            return self._refuse(error)

    def _refuse(self, error: InvalidToken) -> None:
        if self._raises:
            raise error
        log.info("a request is refused: %s", error)


class AsyncBearer(Bearer):
    """Bearer for async operations: it waits without holding up the loop."""

    async def __call__(self, request: Any) -> Identity | None:  # type: ignore[override]
        """Looks at one request."""
        token = token_of(request)
        if token is None:
            return None
        try:
            return await self._verifier.verify_async(token)
        except InvalidToken as error:
            return self._refuse(error)


def protect(api: Any, verifier: Verifier, *, asynchronous: bool = False) -> Bearer:
    """A Bearer for a NinjaAPI, which is told how to answer what it raises: 401 with WWW-Authenticate, and 503."""
    for kind in (InvalidToken, Unavailable):
        api.add_exception_handler(kind, lambda _request, error: answer(error, sent=True))
    return (AsyncBearer if asynchronous else Bearer)(verifier, raises=True)
