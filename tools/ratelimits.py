"""Vendors' rate limits, whatever their headers, as `ratelimit-limit`, `-remaining` and `-reset` (IETF draft)."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from accounts.definition import RateLimit

# The usual names, most telling first; a definition may name others.
LIMIT = ("ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit")
REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
RESET = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")

# A reset above these is a moment (Unix time, in seconds or milliseconds), not a number of seconds.
EPOCH_THRESHOLD = 1_000_000_000
EPOCH_MILLISECONDS_THRESHOLD = 100 * EPOCH_THRESHOLD
# No limit is this large; what exceeds it is not one, and would not fit into JSON either.
HIGHEST = 2**53


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a vendor told of its limit: requests allowed, requests left, seconds until the window ends."""

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None

    def headers(self) -> dict[str, str]:
        """Return the header fields that are known; empty when the vendor told nothing."""
        return {name: str(value) for name, value in self.values().items()}

    def values(self) -> dict[str, int]:
        """Return the known figures by header name."""
        named = {"ratelimit-limit": self.limit, "ratelimit-remaining": self.remaining, "ratelimit-reset": self.reset}
        return {name: value for name, value in named.items() if value is not None}


def read_limits(headers: dict[str, str], declared: RateLimit, *, status: int) -> RateLimits:
    """Return the limits that an answer tells; header names come in lower case.

    `Retry-After` counts as the reset on a 429. Where no header tells the reset, the length of the window is
    its upper bound, and stands for it.
    """
    limit = _number(headers, declared.limit_header, LIMIT)
    remaining = _number(headers, declared.remaining_header, REMAINING)
    reset = _retry_after(headers.get("retry-after", "")) if status == 429 else None
    if reset is None:
        reset = _number(headers, declared.reset_header, RESET)
        if reset is not None and reset > EPOCH_THRESHOLD:
            moment = reset / 1000 if reset > EPOCH_MILLISECONDS_THRESHOLD else reset
            reset = max(0, math.ceil(moment - datetime.now(UTC).timestamp()))
    if status == 429 and remaining is None:
        remaining = 0
    if reset is None and (limit is not None or remaining is not None):
        reset = declared.window_seconds
    return RateLimits(limit, remaining, reset)


def _number(headers: dict[str, str], declared: str | None, usual: tuple[str, ...]) -> int | None:
    for name in (declared.lower(), *usual) if declared else usual:
        value = headers.get(name)
        if value is None:
            continue
        try:
            number = float(value.split(",")[0].split(";")[0])
        except ValueError:
            continue
        if 0 <= number <= HIGHEST:
            return math.ceil(number)
    return None


def _retry_after(value: str) -> int | None:
    """Return the seconds of a Retry-After field, given as seconds or as a date (RFC 9110)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return int(value) if len(value) < len(str(HIGHEST)) else None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, math.ceil((moment - datetime.now(UTC)).total_seconds()))
