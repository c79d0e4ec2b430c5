"""Checks the access tokens that a Vestibule server hands out, in the API that they are shown to.

    verifier = Verifier([Issuer("https://acme.example.org", audience="https://api.acme.example.org")])
    identity = verifier.verify(token)

A Verifier is made once and used by every thread. It believes nothing that a token says about itself: of the configured
issuers the token's `iss` picks one, of that issuer's published keys its `kid` picks one, and that key's own algorithm
checks the signature. No address is ever taken from a token.

What goes wrong is one of two things. InvalidToken: the token is not accepted, and whoever sent it is told no more than
that (401). Unavailable: nobody can tell, since the issuer's keys are not there (503).

`vestibule.asgi`, `vestibule.wsgi`, `vestibule.django`, `vestibule.drf` and `vestibule.ninja` put it before an application,
and `vestibule.testing` is an issuer for tests. Each is imported by its name; none of them is by this module.
"""

from ._web import Answer
from .errors import InvalidToken, Unavailable
from .session import Session, SessionCheck
from .verifier import Identity, Issuer, Verifier

__all__ = ["Answer", "Identity", "InvalidToken", "Issuer", "Session", "SessionCheck", "Unavailable", "Verifier"]
