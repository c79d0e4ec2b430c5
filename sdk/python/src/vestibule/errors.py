"""The two things that can go wrong."""


class InvalidToken(Exception):
    """A token is not accepted. Its text says why, for the log; whoever sent the token is told nothing (401)."""


class Unavailable(Exception):
    """Whether a token is good cannot be told now, since the issuer cannot be asked (503). Its text is for the log."""
