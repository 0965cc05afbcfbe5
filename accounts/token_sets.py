"""The tokens that a token endpoint issues: an access token, perhaps a refresh token, and their lifetimes."""

from dataclasses import dataclass, field
from typing import Any

LONGEST_TOKEN = 16_384
LONGEST_LIFE = 10 * 366 * 86400
# RFC 6749 defines no parameter for the lifetime of a refresh token; vendors use these.
REFRESH_LIFE_NAMES = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")
# Token types that need more than `Authorization: Bearer`.
OTHER_TYPES = frozenset({"mac", "dpop", "pop"})


class NotATokenSet(ValueError):
    """The answer contains no usable token; the message is a clause about the token endpoint."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Tokens with their lifetimes in seconds from now; None if the vendor gave none."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_in: float | None = None
    refresh_expires_in: float | None = None
    scopes: tuple[str, ...] = ()


def read_token_set(answer: dict[str, Any]) -> TokenSet:
    """Parse the answer of a token endpoint (RFC 6749, section 5.1); raise NotATokenSet."""
    if str(answer.get("token_type", "bearer")).lower() in OTHER_TYPES:
        raise NotATokenSet(f"it gives tokens of the type {str(answer['token_type'])[:20]!r}, not bearer tokens")
    refresh_token = answer.get("refresh_token") or ""
    for token in (answer.get("access_token"), refresh_token or "-"):
        # The token is sent in a header, where a line break would start another header.
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token:
            raise NotATokenSet("it gave no usable token")
        if len(token) > LONGEST_TOKEN:
            raise NotATokenSet("it gave a token of more than 16,384 characters")
    # RFC 6749, section 3.3, separates scopes by spaces; some vendors use commas.
    scope = answer.get("scope")
    return TokenSet(
        answer["access_token"],
        refresh_token,
        _seconds(answer.get("expires_in")),
        next((life for name in REFRESH_LIFE_NAMES if (life := _seconds(answer.get(name))) is not None), None),
        tuple(scope.replace(",", " ").split()[:100]) if isinstance(scope, str) else (),
    )


def _seconds(lifetime: object) -> float | None:
    """Return a lifetime in seconds; some vendors send it as text, and some send 0 for a token without expiry."""
    # JSON true and false are ints to Python.
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float | str):
        return None
    try:
        seconds = float(lifetime)
    except ValueError:
        return None
    return seconds if 0 < seconds <= LONGEST_LIFE else None
