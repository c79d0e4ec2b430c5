"""Authentication for Django REST framework.

    # settings.py
    VESTIBULE_VERIFIER = Verifier([Issuer("https://acme.example.org", audience="https://api.acme.example.org")])
    REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["vestibule.drf.VestibuleAuthentication"],
                      "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}

`request.auth` is then the Identity, and `request.user` a Caller, or what a subclass makes of it. vestibule.django's middleware is
not needed.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from ._web import REALM, REFUSED, RETRY_AFTER
from .django import token_of, verifier
from .errors import InvalidToken, Unavailable
from .verifier import Identity

log = logging.getLogger("vestibule")


@dataclass(frozen=True)
class Caller:
    """A user without a row in this database, with what permissions and throttles ask of one."""

    identity: Identity
    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False
    is_superuser = False

    @property
    def pk(self) -> str:
        """What differs between any two users, whatever issuer they are of. Caches take it for a key, so there is no space in it."""
        return f"{self.identity.issuer}#{self.identity.subject}"

    def has_perm(self, _permission: str, _of: object = None) -> bool:
        """No: Django's permissions are those of rows."""
        return False

    def has_perms(self, permissions: Iterable[str], _of: object = None) -> bool:
        """Whether no permission is asked for."""
        return not list(permissions)

    def __str__(self) -> str:
        return self.identity.subject


class CannotTell(APIException):
    """503: nobody can tell whether a token is good."""

    status_code = 503
    default_detail = "Service unavailable, try again later."
    default_code = "unavailable"
    wait = int(RETRY_AFTER)


class VestibuleAuthentication(BaseAuthentication):
    """Knows users by the access token in the Authorization header. Requests without one are left to the classes after it."""

    def authenticate(self, request: Request) -> tuple[Any, Identity] | None:
        """The user and the Identity of a request, or None. AuthenticationFailed (401) or CannotTell (503) where it has a token that is
        no good, or cannot be judged."""
        token = token_of(request)
        if token is None:
            return None
        try:
            identity = verifier().verify(token)
        except InvalidToken as error:
            log.info("a request is refused: %s", error)
            raise AuthenticationFailed() from error
        except Unavailable as error:
            log.warning("a request cannot be judged: %s", error)
            raise CannotTell() from error
        return self.user_of(identity), identity

    def authenticate_header(self, request: Request) -> str:
        """WWW-Authenticate of a 401."""
        return REALM if token_of(request) is None else REFUSED

    def user_of(self, identity: Identity) -> Any:
        """Who request.user is. A subclass may look up a row of its own by issuer and subject."""
        return Caller(identity)
