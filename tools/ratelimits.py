"""Normalise vendors' rate-limit headers to `ratelimit-limit`, `-remaining` and `-reset` (IETF draft)."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from accounts.definition import RateLimit

# The usual names, in order of preference; a definition may name others.
LIMIT = ("ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit", "x-rate-limit")
REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
RESET = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
# Later IETF drafts put everything into these two.
STRUCTURED = "ratelimit"
POLICY = "ratelimit-policy"

# A reset above these is Unix time (in seconds or milliseconds), not a number of seconds.
EPOCH_THRESHOLD = 1_000_000_000
EPOCH_MILLISECONDS_THRESHOLD = 100 * EPOCH_THRESHOLD
# No real limit is this large, and JSON readers would round a larger one.
HIGHEST = 2**53
# No real window is longer than a month; a model must not wait forever for a vendor's mistake.
LONGEST_WAIT = 31 * 86400
# Only this much of a header is read.
MOST_CHARACTERS = 1000

NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,20})?")
# An item of a structured list, its name (quoted text may contain separators), and one of its parameters.
ITEM = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')
NAME = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s;="]+')
PARAMETER = re.compile(r"([a-z]*)\s*=\s*([0-9]{1,15})\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class RateLimits:
    """A rate limit as a vendor reports it: requests allowed, requests left, seconds until the window ends.

    `retry_after` is how many seconds it asks the caller to wait, for whatever reason.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None
    retry_after: int | None = None

    def headers(self) -> dict[str, str]:
        """Return the known header fields; empty when the vendor reported nothing."""
        return {name: str(value) for name, value in self.values().items()}

    def values(self) -> dict[str, int]:
        """Return the known figures by header name."""
        named = {"ratelimit-limit": self.limit, "ratelimit-remaining": self.remaining, "ratelimit-reset": self.reset}
        return {name: value for name, value in named.items() if value is not None}


def read_limits(headers: dict[str, str], declared: RateLimit, *, status: int) -> RateLimits:
    """Return the limits that a response reports; the names in `headers` are lower case.

    `Retry-After` counts as the reset on a 429. Without a reset header, the declared length of the window is
    returned, which is its upper bound.
    """
    limit = _number(headers, declared.limit_header, LIMIT)
    remaining = _number(headers, declared.remaining_header, REMAINING)
    retry_after = _seconds(headers.get("retry-after", "")) if status >= 400 else None
    reset = retry_after if status == 429 else None
    if reset is None:
        reset = _reset(headers, declared.reset_header)
    if STRUCTURED in headers or POLICY in headers:
        structured = _structured(headers)
        limit = structured.limit if limit is None else limit
        remaining = structured.remaining if remaining is None else remaining
        reset = structured.reset if reset is None else reset
    # A 429 says by itself that nothing is left.
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
    """Return the seconds until a reset that is given in seconds, as Unix time, or as an RFC 9110 or ISO 8601 date."""
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
    """Return what `RateLimit` and `RateLimit-Policy` report; of several policies, the one that runs out first."""
    quotas = {name: _quota(name, parameters) for name, parameters in _items(headers.get(POLICY, ""))}
    counted = _items(headers.get(STRUCTURED, ""))
    flat: dict[str, int] = {}
    for name, parameters in counted:
        flat |= {name: parameters[""]} if "" in parameters else {}
    if flat:  # limit=100, remaining=50, reset=30: an intermediate draft
        return _within_bounds(flat.get("limit"), flat.get("remaining"), flat.get("reset"))
    # The time is negated so that, of two policies with the same number left, the longer wait comes first.
    windows = [(found["r"], -found.get("t", 0), name) for name, found in counted if "r" in found]
    if not windows:
        return RateLimits(next(iter(quotas.values()), None))
    remaining, wait, name = min(windows)
    return _within_bounds(quotas.get(name), remaining, -wait if "t" in dict(counted)[name] else None)


def _quota(name: str, parameters: dict[str, int]) -> int | None:
    if "q" in parameters:
        return parameters["q"]
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 15 else None  # older drafts: 100;w=60


def _within_bounds(limit: int | None, remaining: int | None, reset: int | None) -> RateLimits:
    return RateLimits(limit, remaining, reset if reset is None or reset <= LONGEST_WAIT else None)


def _items(value: str) -> list[tuple[str, dict[str, int]]]:
    """Return the names in a structured list (RFC 9651), each with its numeric parameters."""
    items = []
    for item in ITEM.findall(value[:MOST_CHARACTERS]):
        found = NAME.match(item.strip())
        if found:
            parameters = PARAMETER.findall(item.strip()[found.end() :])
            items.append((found.group(), {name: int(number) for name, number in parameters}))
    return items
