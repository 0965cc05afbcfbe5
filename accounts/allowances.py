"""Limits of one MCP server, API token or person: open streams, calls under way, requests a minute.

A holder that exceeds its limit is refused before any work begins, and others do not notice. Streams and calls are
counted per process, whose memory they use. Requests a minute are counted for all processes together if REDIS_URL is
set, otherwise by each for itself. These limits are Patchbay's own; a vendor's rate limits are reported separately.
"""

import asyncio
import logging
import time
import weakref
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from accounts.errors import AllowanceUsedUp
from accounts.metrics import REFUSED
from accounts.redis_client import redis_client

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger(__name__)

MINUTE = 60
# A Redis that is down is not asked again for this long; meanwhile nothing is counted and nobody is refused.
RETRY_SECONDS = 5.0
ANSWER_SECONDS = 0.5
# When a call that was refused would succeed is unknown; it may be soon.
CALL_RETRY_SECONDS = 1


class HolderKind(StrEnum):
    """The kinds of holders, with the words that a refusal uses for them."""

    SERVER = "MCP server"
    TOKEN = "API token"
    PERSON = "person"
    # A person through the clients that they allowed something, at all servers together.
    CONNECTED = "connected person"


@dataclass(frozen=True, slots=True)
class Holder:
    """One MCP server, API token or person; it is counted under `key`."""

    kind: HolderKind
    id: UUID | int
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Made once: hashing a string is cheaper than hashing all fields.
        object.__setattr__(self, "key", f"{self.kind.name.lower()}:{self.id}")


class Allowance:
    """How much of one resource each holder uses at this moment. Belongs to one event loop."""

    def __init__(
        self, what: str, advice: str, limits: dict[HolderKind, str], *, retry_after: int | None = None
    ) -> None:
        self._what, self._advice, self._limits, self._retry_after = what, advice, limits, retry_after
        self._taken: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(self._taken.values())

    def one(self, *holders: Holder) -> "_One":
        """Take one from each holder for the duration of the block; raise AllowanceUsedUp if one is at its limit."""
        return _One(self, holders)

    def take(self, holders: tuple[Holder, ...]) -> None:
        """Take one from each holder, or from none if one is at its limit; raise AllowanceUsedUp then."""
        taken = self._taken
        for holder in holders:
            limit: int = getattr(settings, self._limits[holder.kind])
            if taken.get(holder.key, 0) >= limit:
                raise _used_up(holder, limit, self._what, self._advice, self._retry_after)
        for holder in holders:
            taken[holder.key] = taken.get(holder.key, 0) + 1

    def give_back(self, holders: tuple[Holder, ...]) -> None:
        """Give back one of each holder; a holder that uses none takes no memory."""
        for holder in holders:
            left = self._taken[holder.key] - 1
            if left:
                self._taken[holder.key] = left
            else:
                del self._taken[holder.key]


class _One:
    """One of each holder, taken while a block lasts; a class, since contextlib's generators cost more per call."""

    __slots__ = ("_allowance", "_holders")

    def __init__(self, allowance: Allowance, holders: tuple[Holder, ...]) -> None:
        self._allowance, self._holders = allowance, holders

    def __enter__(self) -> None:
        self._allowance.take(self._holders)

    def __exit__(self, *_: object) -> None:
        self._allowance.give_back(self._holders)


def _used_up(holder: Holder, limit: int, what: str, advice: str, retry_after: int | None) -> AllowanceUsedUp:
    REFUSED.labels(holder.kind.name.lower(), what).inc()
    return AllowanceUsedUp(holder.kind.value, f"{limit} {what}", advice, retry_after)


streams = Allowance(
    "streams open",
    "Close one that nobody reads any more, then open this one again.",
    {
        HolderKind.SERVER: "MCP_SERVER_STREAMS",
        HolderKind.TOKEN: "API_TOKEN_STREAMS",
        HolderKind.PERSON: "PERSON_STREAMS",
        HolderKind.CONNECTED: "CONNECTED_PERSON_STREAMS",
    },
)
calls = Allowance(
    "calls under way",
    "Nothing was sent. Wait until one of them has ended, then call again.",
    {
        HolderKind.SERVER: "MCP_SERVER_CALLS",
        HolderKind.TOKEN: "API_TOKEN_CALLS",
        HolderKind.CONNECTED: "CONNECTED_PERSON_CALLS",
    },
    retry_after=CALL_RETRY_SECONDS,
)

PER_MINUTE = {
    HolderKind.SERVER: "MCP_SERVER_REQUESTS_PER_MINUTE",
    HolderKind.TOKEN: "API_TOKEN_REQUESTS_PER_MINUTE",
    HolderKind.CONNECTED: "CONNECTED_PERSON_REQUESTS_PER_MINUTE",
}


async def count_request(*holders: Holder) -> None:
    """Count a request of each holder whose requests are limited, or raise AllowanceUsedUp beyond the limit."""
    for holder in holders:
        limit: int = getattr(settings, PER_MINUTE[holder.kind])
        if limit:
            now = time.time()
            if await _counted(holder.key, int(now // MINUTE)) > limit:
                seconds = int(MINUTE - now % MINUTE) + 1
                advice = f"Nothing was sent. Wait {seconds} s, then try again."
                raise _used_up(holder, limit, "requests a minute", advice, seconds)


def count_request_in_thread(*holders: Holder) -> None:
    """Count a request as `count_request` does, from a view in a thread; this costs nothing if nothing is limited."""
    if any(getattr(settings, PER_MINUTE[holder.kind]) for holder in holders):
        async_to_sync(count_request)(*holders)


async def _counted(name: str, minute: int) -> int:
    """Count a request and return the number in its minute so far."""
    if settings.REDIS_URL:
        return await _shared.count(f"patchbay:requests:{name}:{minute}")
    return _own.count(name, minute)


class _OwnCounts:
    """Requests of the current minute in this process."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def count(self, name: str, minute: int) -> int:
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        self._counts[name] += 1
        return self._counts[name]


class _SharedCounts:
    """Requests counted in Redis. If Redis is down nobody is refused; the vendor's own limits still apply."""

    def __init__(self) -> None:
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = weakref.WeakKeyDictionary()
        self._down_until = self._logged_at = float("-inf")

    async def count(self, key: str) -> int:
        if time.monotonic() < self._down_until:
            return 0
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._client().pipeline(transaction=True) as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, 2 * MINUTE)
                return int((await pipeline.execute())[0])
        except Exception as problem:  # the client's errors, the system's, no answer in time: nobody is refused for them
            self._fail(problem)
            return 0

    def _client(self) -> "Redis":
        # One per event loop, since connections belong to the loop that opened them.
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = redis_client(ANSWER_SECONDS)
        return client

    def _fail(self, problem: Exception) -> None:
        now = time.monotonic()
        self._down_until = now + RETRY_SECONDS
        if now - self._logged_at >= MINUTE:
            self._logged_at = now
            logger.warning("requests a minute are not limited at present, Redis is down: %s", type(problem).__name__)

    async def close(self) -> None:
        self._down_until = self._logged_at = float("-inf")
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()


_own = _OwnCounts()
_shared = _SharedCounts()


async def close_counts() -> None:
    """Close the running event loop's connections to Redis."""
    await _shared.close()
