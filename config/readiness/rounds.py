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
class CheckAnswer:
    """What one check says of its parts, or, if it `failed`, why it could not say anything."""

    states: States
    failed: bool = False


@dataclass(frozen=True)
class Check:
    """One piece of work that tells the state of some parts; it returns words for those that are not in order.

    It cannot succeed without the parts in `after`. If `stands`, its last answer holds while there is no new one: calls
    do not ask for what it reads, such as a table that is locked.
    """

    parts: tuple[str, ...]
    run: Callable[[], Awaitable[Mapping[str, str]]]
    after: tuple[str, ...] = ()
    stands: bool = False

    async def answer(self, seconds: float) -> CheckAnswer:
        """Return the state of each part: `ok` or words without addresses and names."""
        try:
            async with asyncio.timeout(seconds):
                words = await self.run()
        except TimeoutError:
            return self._failed(f"no answer within {seconds:g} s")
        except Exception:  # each driver has errors of its own, and their texts may contain addresses
            return self._failed("unreachable")
        return CheckAnswer({part: words.get(part, OK) for part in self.parts})

    def _failed(self, words: str) -> CheckAnswer:
        first, *others = self.parts
        return CheckAnswer({first: words, **dict.fromkeys(others, f"not checked, because of the {first}")}, failed=True)


class Readiness:
    """The checks of all parts. A round's result is good for `keep` seconds, however many probes ask.

    `good` are the parts that are in order, and those that were when they last gave an answer that stands.
    """

    def __init__(self, checks: Sequence[Check], *, seconds: float = CHECK_SECONDS, keep: float = 0.0) -> None:
        self._checks = checks
        self._seconds = seconds
        self._keep = keep
        self._round: asyncio.Task[States] | None = None
        self._ended = 0.0
        self._known: States = {}
        self.good: set[str] = set()

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
        answers = await asyncio.gather(*(check.answer(self._seconds) for check in self._checks))
        states = {part: words for answer in answers for part, words in answer.states.items()}
        for check, answer in zip(self._checks, answers, strict=True):
            cause = next((part for part in check.after if states.get(part, OK) != OK), None)
            if answer.failed and cause is not None:
                states |= dict.fromkeys(check.parts, f"not checked, because of the {cause}")
            self._judge(check, answer)
        self._ended = time.monotonic()
        for part, words in states.items():
            self._note(part, words)
        return states

    def _judge(self, check: Check, answer: CheckAnswer) -> None:
        """Keep which parts are good."""
        if answer.failed and check.stands:
            return
        self.good -= set(check.parts)
        self.good |= {part for part, words in answer.states.items() if words == OK}

    def _note(self, part: str, words: str) -> None:
        """Log a part whose state has changed, once: figures in its words change all the time."""
        READY.labels(part).set(words == OK)
        before, self._known[part] = self._known.get(part, OK), words
        if before == OK and words != OK:
            logger.error("/readyz: %s: %s", part, words)
        elif before != OK and words == OK:
            logger.warning("/readyz: %s: ok again", part)
