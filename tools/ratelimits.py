"""Normalise vendors' rate-limit headers to `ratelimit-limit`, `-remaining` and `-reset` (IETF draft)."""

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from accounts.definition import RateLimit
from accounts.texts.names import plain_name
from tools.waits import LONGEST_WAIT, MOST_CHARACTERS, NUMBER, first_item, seconds_of

# The usual names, in order of preference; a definition may name others.
LIMIT = (
    "ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit", "x-rate-limit", "x-rate-limit-requests-quota",
    "x-hubspot-ratelimit-max",
)  # fmt: skip
REMAINING = (
    "ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining", "x-rate-limit-requests-left",
    "x-hubspot-ratelimit-remaining",
)  # fmt: skip
RESET = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
# Waits: names that say how long, and those in milliseconds, which are more exact and so come first.
RETRY = (
    "retry-after", "x-retry-after", "x-ratelimit-retry-after", "x-rate-limit-retry-after", "ratelimit-retry-after",
    "retry-after-seconds", "x-retry-after-seconds", "x-retry-in",
)  # fmt: skip
RETRY_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms")
RESET_AFTER = ("x-ratelimit-reset-after", "x-rate-limit-reset-after", "ratelimit-reset-after", "x-ratelimit-resetafter")
RESET_MILLISECONDS = (
    "x-ratelimit-reset-ms", "x-rate-limit-reset-ms", "x-ratelimit-reset-after-ms", "x-rate-limit-time-reset-ms",
)  # fmt: skip
RESETS_AFTER_OR_AT = (*RESET_AFTER, *RESET)
RESETS = frozenset({*RESET, *RESET_AFTER, *RESET_MILLISECONDS})
# The length of the window, in milliseconds: no reset is later.
WINDOW_MILLISECONDS = ("x-hubspot-ratelimit-interval-milliseconds", "x-rate-limit-time-window-ms")
# How many calls are used of how many: `39/40`, `api-usage=39/40`.
USED = ("x-shopify-shop-api-call-limit", "sforce-limit-info")
USED_OF = re.compile(r"(?:[a-z-]{1,40}=)?([0-9]{1,15})/([0-9]{1,15})")
# Limits of several kinds beside each other: by requests and by their size, as vendors of language models have them, and
# by windows, as gateways and HubSpot do.
KINDS = (
    *(
        (f"x-ratelimit-limit-{kind}", f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}")
        for kind in ("requests", "tokens", "second", "minute", "hour", "day", "month")
    ),
    *(
        (f"x-hubspot-ratelimit-{kind}", f"x-hubspot-ratelimit-{kind}-remaining", f"x-hubspot-ratelimit-{kind}-reset")
        for kind in ("secondly", "daily")
    ),
)
# Later IETF drafts put everything into these two.
STRUCTURED = "ratelimit"
POLICY = "ratelimit-policy"
# Most vendors have none of these.
UNUSUAL = frozenset({STRUCTURED, POLICY, *USED, *(name for kind in KINDS for name in kind)})

# The statuses of a limit that is reached.
LIMITED = re.compile(
    "throttl|ratelimit|toomanyrequests|requestlimitexceeded|slowdown$|resourceexhausted$"
    "|^(daily|user)limitexceeded|^quotaexceeded|throughputexceeded"
)
REFUSED = frozenset({403, 429})
# No real limit is this large, and JSON readers would round a larger one.
HIGHEST = 2**53
DIGITS_OF_HIGHEST = len(str(HIGHEST))

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

    def is_reached(self, status: int) -> bool:
        """Return whether an answer of this status says that the limit is reached.

        It does with 429, and with 403 if it says how long to wait, or that no calls are left.
        """
        return status == 429 or (status == 403 and (self.retry_after is not None or self.remaining == 0))

    def with_wait(self, seconds: int | None) -> "RateLimits":
        """Return the same with a wait that an answer's body asks for, unless a header asked for one."""
        if seconds is None or self.retry_after is not None:
            return self
        return replace(self, reset=seconds, retry_after=seconds)

    def headers(self) -> dict[str, str]:
        """Return the known header fields; empty when the vendor reported nothing."""
        return {name: str(value) for name, value in self.values().items()}

    def values(self) -> dict[str, int]:
        """Return the known figures by header name."""
        named = {"ratelimit-limit": self.limit, "ratelimit-remaining": self.remaining, "ratelimit-reset": self.reset}
        return {name: value for name, value in named.items() if value is not None}


NONE = RateLimits()


def says_limited(code: str, status: int) -> bool:
    """Return whether a vendor's code for a failure means that its rate limit is reached, whatever the status says.

    The codes are, among others, those of AWS, Google, Salesforce, Shopify and Slack.
    """
    is_fitting = (status < 500 or status == 503) and status != 401
    return is_fitting and LIMITED.search(plain_name(code)) is not None


def read_limits(headers: dict[str, str], declared: RateLimit, *, status: int, said: int | None = None) -> RateLimits:
    """Return the limits that a response reports; the names in `headers` are lower case.

    `said` is the seconds to wait that the body of a refusal says, which count where no header says any.
    `Retry-After` counts as the reset of a limit that is reached: on a 429, and on a 403. Without a reset header, the
    declared length of the window is returned, which is its upper bound.
    """
    limit = _number(headers, declared.limit_header, LIMIT)
    remaining = _number(headers, declared.remaining_header, REMAINING)
    retry_after = _wait(headers) if status >= 400 else None
    retry_after = said if retry_after is None else retry_after
    reset = retry_after if status in REFUSED else None
    if reset is None:
        reset = _reset(headers, declared.reset_header)
    other = NONE if UNUSUAL.isdisjoint(headers) else _unusual(headers)
    limit = other.limit if limit is None else limit
    remaining = other.remaining if remaining is None else remaining
    reset = other.reset if reset is None else reset
    # A 429 says by itself that nothing is left.
    if status == 429 and remaining is None:
        remaining = 0
    if reset is None and (limit is not None or remaining is not None):
        reset = _first_wait(headers, WINDOW_MILLISECONDS, per_second=1000) or declared.window_seconds
    return RateLimits(limit, remaining, reset, retry_after)


def _unusual(headers: dict[str, str]) -> RateLimits:
    other = _structured(headers) if STRUCTURED in headers or POLICY in headers else _of_kinds(headers)
    return _used(headers) if other == NONE else other


@lru_cache(maxsize=256)
def _names(declared: str | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    return (declared.lower(), *usual) if declared else usual


def _number(headers: dict[str, str], declared: str | None, usual: tuple[str, ...]) -> int | None:
    for name in _names(declared, usual):
        value = headers.get(name)
        if value is None:
            continue
        if value.isdecimal() and value.isascii() and len(value) < DIGITS_OF_HIGHEST:  # as most vendors write it
            return int(value)
        found = NUMBER.fullmatch(first_item(value))
        if found and float(found.group()) <= HIGHEST:
            return math.ceil(float(found.group()))
    return None


def _wait(headers: dict[str, str]) -> int | None:
    """Return the seconds that a refusal asks the caller to wait."""
    exact = _first_wait(headers, RETRY_MILLISECONDS, per_second=1000)
    return _first_wait(headers, RETRY) if exact is None else exact


def _reset(headers: dict[str, str], declared: str | None) -> int | None:
    if declared is None and RESETS.isdisjoint(headers):
        return None
    found = _first_wait(headers, _names(declared, RESETS_AFTER_OR_AT))
    return _first_wait(headers, RESET_MILLISECONDS, per_second=1000) if found is None else found


def _first_wait(headers: dict[str, str], names: tuple[str, ...], *, per_second: int = 1) -> int | None:
    for name in names:
        if name in headers and (seconds := seconds_of(headers[name], per_second=per_second)) is not None:
            return seconds
    return None


def _of_kinds(headers: dict[str, str]) -> RateLimits:
    """Return the limit of the kind that runs out first; of requests, if none has run out."""
    found = [
        RateLimits(_number(headers, None, (limit,)), _number(headers, None, (left,)), _first_wait(headers, (reset,)))
        for limit, left, reset in KINDS
        if left in headers or reset in headers
    ]
    return next((limits for limits in found if limits.remaining == 0), found[0]) if found else RateLimits()


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


def _used(headers: dict[str, str]) -> RateLimits:
    """Return the limit of a header that counts the calls that are used."""
    for name in USED:
        found = USED_OF.match(headers.get(name, "").strip().lower())
        if found:
            used, limit = int(found[1]), int(found[2])
            return RateLimits(limit, max(limit - used, 0))
    return RateLimits()


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
