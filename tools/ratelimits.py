"""Vendors' rate limits, whatever their headers, as `ratelimit-limit`, `-remaining` and `-reset` (IETF draft)."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from accounts.definition import RateLimit

# The usual names, most telling first; a definition may name others.
LIMIT = ("ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit", "x-rate-limit")
REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
RESET = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
# The standard's later drafts put all of it into these two.
STRUCTURED = "ratelimit"
POLICY = "ratelimit-policy"

# A reset above these is a moment (Unix time, in seconds or milliseconds), not a number of seconds.
EPOCH_THRESHOLD = 1_000_000_000
EPOCH_MILLISECONDS_THRESHOLD = 100 * EPOCH_THRESHOLD
# No limit is this large; what exceeds it is not one, and would not fit into JSON either.
HIGHEST = 2**53
# No window is longer; a vendor that says so would have a model wait for good.
LONGEST_WAIT = 31 * 86400
# A header is read so far and no further.
MOST_CHARACTERS = 1000

NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,20})?")
# An item of a structured list, its name (text in quotes may hold separators), and a parameter of it.
ITEM = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')
NAME = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s;="]+')
PARAMETER = re.compile(r"([a-z]*)\s*=\s*([0-9]{1,15})\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a vendor told of its limit: requests allowed, requests left, seconds until the window ends.

    `retry_after` is what it asks a caller to wait, whatever the reason.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None
    retry_after: int | None = None

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
    retry_after = _seconds(headers.get("retry-after", "")) if status >= 400 else None
    reset = retry_after if status == 429 else None
    if reset is None:
        reset = _reset(headers, declared.reset_header)
    if STRUCTURED in headers or POLICY in headers:
        told = _structured(headers)
        limit = told.limit if limit is None else limit
        remaining = told.remaining if remaining is None else remaining
        reset = told.reset if reset is None else reset
    if status == 429 and remaining is None:
        remaining = 0
    if reset is None and (limit is not None or remaining is not None):
        reset = declared.window_seconds
    return RateLimits(limit, remaining, reset, retry_after)


def _number(headers: dict[str, str], declared: str | None, usual: tuple[str, ...]) -> int | None:
    for name in (declared.lower(), *usual) if declared else usual:
        value = headers.get(name)
        if value is None:
            continue
        found = NUMBER.fullmatch(_first(value))
        if found and float(found.group()) <= HIGHEST:
            return math.ceil(float(found.group()))
    return None


def _reset(headers: dict[str, str], declared: str | None) -> int | None:
    for name in (declared.lower(), *RESET) if declared else RESET:
        seconds = _seconds(headers.get(name, ""))
        if seconds is not None:
            return seconds
    return None


def _first(value: str) -> str:
    """Return the first item of a header, without parameters."""
    return value[:MOST_CHARACTERS].partition(",")[0].partition(";")[0].strip()


def _seconds(value: str) -> int | None:
    """Return the seconds until a moment: told in seconds, as Unix time, or as a date of HTTP (RFC 9110) or ISO 8601."""
    if not value:
        return None
    found, now = NUMBER.fullmatch(_first(value)), datetime.now(UTC).timestamp()
    if found:
        seconds = float(found.group())
        if seconds > EPOCH_THRESHOLD:
            seconds = seconds / (1000 if seconds > EPOCH_MILLISECONDS_THRESHOLD else 1) - now
    else:
        moment = _moment(value.strip())
        if moment is None:
            return None
        seconds = moment - now
    return max(0, math.ceil(seconds)) if seconds <= LONGEST_WAIT else None


def _moment(value: str) -> float | None:
    if len(value) > 64:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def _structured(headers: dict[str, str]) -> RateLimits:
    """Return what `RateLimit` and `RateLimit-Policy` tell; of several policies, the one that ends first."""
    quotas = {name: _quota(name, told) for name, told in _items(headers.get(POLICY, ""))}
    counted = _items(headers.get(STRUCTURED, ""))
    flat: dict[str, int] = {}
    for name, told in counted:
        flat |= {name: told[""]} if "" in told else {}
    if flat:  # limit=100, remaining=50, reset=30: a draft in between
        return _within_bounds(flat.get("limit"), flat.get("remaining"), flat.get("reset"))
    windows = [(told["r"], -told.get("t", 0), name) for name, told in counted if "r" in told]
    if not windows:
        return RateLimits(next(iter(quotas.values()), None))
    remaining, wait, name = min(windows)
    told = dict(counted)[name]
    return _within_bounds(quotas.get(name), remaining, -wait if "t" in told else None)


def _quota(name: str, told: dict[str, int]) -> int | None:
    if "q" in told:
        return told["q"]
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 15 else None  # older drafts: 100;w=60


def _within_bounds(limit: int | None, remaining: int | None, reset: int | None) -> RateLimits:
    return RateLimits(limit, remaining, reset if reset is None or reset <= LONGEST_WAIT else None)


def _items(value: str) -> list[tuple[str, dict[str, int]]]:
    """Return the names in a structured list (RFC 9651), with those of their parameters that are numbers."""
    items = []
    for item in ITEM.findall(value[:MOST_CHARACTERS]):
        found = NAME.match(item.strip())
        if found:
            parameters = PARAMETER.findall(item.strip()[found.end() :])
            items.append((found.group(), {name: int(number) for name, number in parameters}))
    return items
