"""Look up what other processes have changed, at most once a second, for all caches and streams of this process.

One query tells whether anything has changed at all; another tells what. So what was loaded stays fresh without a query
of its own for as long as nobody has changed it.
"""

import asyncio
import time
from collections.abc import Callable

from accounts.caches.memory import CacheMemory, cache_memory
from accounts.changes import Change
from accounts.database.threads import look_up
from accounts.models.changes import Place, news_since

# How long a look holds: the longest that a process may miss a change made elsewhere.
LOOK_SECONDS = 1.0

# Called with each change, or with None if there were others of which nothing is known.
Follower = Callable[[Change | None], None]


class ChangeWatch:
    """What this process knows of changes. `clock` returns monotonic seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, memory: CacheMemory = cache_memory) -> None:
        self._clock = clock
        self._memory = memory
        self._followers: list[Follower] = []
        self._restarters: list[Callable[[], None]] = []
        self._looking: dict[int, asyncio.Task[None]] = {}
        self.start()

    def start(self) -> None:
        """Know nothing of what has changed so far."""
        self._place = Place()
        # Everything that was committed before this moment is known.
        self.looked_at = float("-inf")
        # Since this moment no change has been missed; what was loaded before it is not covered by looks.
        self.unbroken_since = float("inf")

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

    def on_rewind(self, restarter: Callable[[], None]) -> None:
        """Call a function when the database holds another history than before, so that revisions tell nothing."""
        self._restarters.append(restarter)

    def covers(self, loaded_at: float) -> bool:
        """Return whether what was loaded then, and not dropped since, is fresh."""
        return loaded_at >= self.unbroken_since and self._clock() - self.looked_at < LOOK_SECONDS

    async def look(self) -> None:
        """Tell the followers what has changed, unless that was done within LOOK_SECONDS; once for all who wait."""
        if self._clock() - self.looked_at < LOOK_SECONDS:
            return
        # A task can only be awaited in its own event loop.
        loop_id = id(asyncio.get_running_loop())
        task = self._looking.get(loop_id)
        if task is None:
            task = self._looking[loop_id] = asyncio.create_task(self._look())
            task.add_done_callback(lambda _: self._looking.pop(loop_id, None))
        await asyncio.shield(task)

    async def _look(self) -> None:
        started = self._clock()
        news = await look_up(news_since, self._place)
        if news.rewound:
            self._memory.clear()
            for restart in self._restarters:
                restart()
        for change in [None] if news.changes is None else news.changes:
            for follower in self._followers:
                follower(change)
        if news.changes is None:
            # Not since `started`: what is loaded meanwhile may have been read before the count.
            self.unbroken_since = self._clock()
        self._place, self.looked_at = news.place, started


change_watch = ChangeWatch()
