"""Django middleware, under WSGI and ASGI.

    # settings.py
    VESTIBULE_VERIFIER = Verifier([Issuer("https://acme.example.org", audience="https://api.acme.example.org")])
    MIDDLEWARE = [..., "vestibule.django.VestibuleMiddleware"]

`request.vestibule` is then the Identity, or None where no token was sent: the admin site and the like are reached without. Views that
are for users alone say so with @identity_required. A token that is sent and not accepted is answered with 401, whatever the view.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ._web import bearer, refusal, unavailable
from .errors import InvalidToken, Unavailable
from .verifier import Verifier

log = logging.getLogger("vestibule")


def verifier() -> Verifier:
    """The verifier that the setting VESTIBULE_VERIFIER holds."""
    return settings.VESTIBULE_VERIFIER


def token_of(request: HttpRequest) -> str | None:
    """The token that a request carries, or None."""
    return bearer(request.META.get("HTTP_AUTHORIZATION"))


def answer(error: InvalidToken | Unavailable, *, sent: bool) -> HttpResponse:
    """What a request is answered with that is not let in; sent says whether it had a token."""
    if isinstance(error, InvalidToken):
        log.info("a request is refused: %s", error)
        status, headers, body = refusal(sent)
    else:
        log.warning("a request cannot be judged: %s", error)
        status, headers, body = unavailable()
    response = HttpResponse(body, status=status)
    for name, value in headers:
        response[name] = value
    return response


class VestibuleMiddleware:
    """Sets request.vestibule."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Serves one request; under ASGI it is a coroutine that does."""
        if self._is_async:
            return self._serve(request)
        request.vestibule = None  # type: ignore[attr-defined]
        if (token := token_of(request)) is not None:
            try:
                request.vestibule = verifier().verify(token)  # type: ignore[attr-defined]
            except (InvalidToken, Unavailable) as error:
                return answer(error, sent=True)
        return self._get_response(request)

    async def _serve(self, request: HttpRequest) -> Any:
        request.vestibule = None  # type: ignore[attr-defined]
        if (token := token_of(request)) is not None:
            try:
                request.vestibule = await verifier().verify_async(token)  # type: ignore[attr-defined]
            except (InvalidToken, Unavailable) as error:
                return answer(error, sent=True)
        return await self._get_response(request)


def identity_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Has a view, a plain or an async one, answer 401 to whoever came without a token."""
    if iscoroutinefunction(view):
        @functools.wraps(view)
        async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if getattr(request, "vestibule", None) is None:
                return answer(InvalidToken("no token"), sent=False)
            return await view(request, *args, **kwargs)

        return guarded_async

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if getattr(request, "vestibule", None) is None:
            return answer(InvalidToken("no token"), sent=False)
        return view(request, *args, **kwargs)

    return guarded
