"""What a token endpoint gives: an access token, perhaps one to refresh it with, and how long they last."""

from dataclasses import dataclass, field
from typing import Any

LONGEST_TOKEN = 16_384
LONGEST_LIFE = 10 * 366 * 86400
# RFC 6749 has no name for the life of a refresh token; vendors use these.
REFRESH_LIFE_NAMES = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")
# Tokens that take more than the header `Authorization: Bearer`.
OTHER_TYPES = frozenset({"mac", "dpop", "pop"})


class NotATokenSet(ValueError):
    """An answer that holds no token that can be used."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Tokens with their lives in seconds from now; None where the vendor told none."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_in: float | None = None
    refresh_expires_in: float | None = None
    scopes: tuple[str, ...] = ()


def read_token_set(answer: dict[str, Any]) -> TokenSet:
    """Read the answer of a token endpoint (RFC 6749, section 5.1); raise NotATokenSet."""
    if str(answer.get("token_type", "bearer")).lower() in OTHER_TYPES:
        raise NotATokenSet(f"it gives tokens of the type {str(answer['token_type'])[:20]!r}, not bearer tokens")
    refresh_token = answer.get("refresh_token") or ""
    for token in (answer.get("access_token"), refresh_token or "-"):
        # A token goes into a header: a line break in one would begin another.
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token:
            raise NotATokenSet("it gave no token that can be used")
        if len(token) > LONGEST_TOKEN:
            raise NotATokenSet("it gave a token of more than 16,384 characters")
    scope = answer.get("scope")
    return TokenSet(
        answer["access_token"],
        refresh_token,
        _seconds(answer.get("expires_in")),
        next((life for name in REFRESH_LIFE_NAMES if (life := _seconds(answer.get(name))) is not None), None),
        tuple(scope.replace(",", " ").split()[:100]) if isinstance(scope, str) else (),
    )


def _seconds(told: object) -> float | None:
    """Return a life in seconds; some vendors write it as a text, and some tell 0 for a token without an end."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        seconds = float(told)
    except ValueError:
        return None
    return seconds if 0 < seconds <= LONGEST_LIFE else None
