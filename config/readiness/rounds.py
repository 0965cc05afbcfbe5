"""Rounds of checks, which concurrent probes share, and the log line when a part's state changes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Gauge

logger = logging.getLogger(__name__)

OK = "ok"
CHECK_SECONDS = 1.0
# Without probes too, so that the log and the metrics tell.
WATCH_SECONDS = 15.0

READY = Gauge("patchbay_ready", "Whether a part was in order when it was checked last (1), or not (0).", ["part"])

States = dict[str, str]


@dataclass(frozen=True)
class Check:
    """One piece of work that tells the state of some parts; it returns words for those that are not in order."""

    parts: tuple[str, ...]
    run: Callable[[], Awaitable[Mapping[str, str]]]

    async def states(self, seconds: float) -> States:
        """Return the state of each part: `ok` or words without addresses and names."""
        try:
            async with asyncio.timeout(seconds):
                words = await self.run()
        except TimeoutError:
            return self._failed(f"no answer within {seconds:g} s")
        except Exception:  # each driver has errors of its own, and their texts may contain addresses
            return self._failed("unreachable")
        return {part: words.get(part, OK) for part in self.parts}

    def _failed(self, words: str) -> States:
        first, *others = self.parts
        return {first: words, **dict.fromkeys(others, f"not checked, because of the {first}")}


class Readiness:
    """The checks of all parts. A round's result is good for `keep` seconds, however many probes ask."""

    def __init__(self, checks: Sequence[Check], *, seconds: float = CHECK_SECONDS, keep: float = 0.0) -> None:
        self._checks = checks
        self._seconds = seconds
        self._keep = keep
        self._round: asyncio.Task[States] | None = None
        self._ended = 0.0
        self._known: States = {}

    async def parts(self) -> States:
        """Return the state of each part."""
        current = self._round
        if current is None or current.get_loop() is not asyncio.get_running_loop() or self._is_old(current):
            current = self._round = asyncio.create_task(self._check_all())
        # A probe that is cancelled must not cancel the round of the others.
        return await asyncio.shield(current)

    async def watch(self) -> None:
        """Check again and again until cancelled."""
        while True:
            await self.parts()
            await asyncio.sleep(WATCH_SECONDS)

    def _is_old(self, current: "asyncio.Task[States]") -> bool:
        return current.done() and time.monotonic() - self._ended >= self._keep

    async def _check_all(self) -> States:
        found = await asyncio.gather(*(check.states(self._seconds) for check in self._checks))
        states = {part: words for each in found for part, words in each.items()}
        self._ended = time.monotonic()
        for part, words in states.items():
            self._note(part, words)
        return states

    def _note(self, part: str, words: str) -> None:
        """Log a part whose state has changed, once: figures in its words change all the time."""
        READY.labels(part).set(words == OK)
        before, self._known[part] = self._known.get(part, OK), words
        if before == OK and words != OK:
            logger.error("/readyz: %s: %s", part, words)
        elif before != OK and words == OK:
            logger.warning("/readyz: %s: ok again", part)
