"""The limit on open files: raised at the start as far as connections need it, and told when it is reached.

At the limit the event loop closes new connections without a word (uvloop), or logs a traceback for each (asyncio).
"""

import asyncio
import errno
import logging
import math
import os
import resource
import time
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

# The rest is for the database, vendors and files.
SHARE_OF_CONNECTIONS = 3 / 4
LOOK_SECONDS = 1.0
# The vendor's connection, and SQLite's file with its log and index. The event loop itself may keep one or two free.
FILES_OF_A_CALL = 4
LINE_SECONDS = 60.0
EXHAUSTED = (errno.EMFILE, errno.ENFILE)


def most_connections() -> int:
    """Return how many connections are served at once: MAX_CONNECTIONS, if the limit on open files allows it."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(settings.MAX_CONNECTIONS, int(files * SHARE_OF_CONNECTIONS))


def raise_limit() -> None:
    """Raise the limit to what MAX_CONNECTIONS needs, or as far as the system allows, which is then logged."""
    wanted = math.ceil(settings.MAX_CONNECTIONS / SHARE_OF_CONNECTIONS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        logger.warning(
            "The system allows this process %s open files, so it serves %s connections and not the %s of "
            "MAX_CONNECTIONS. Allow %s files (systemd: LimitNOFILE; Compose: ulimits), or lower MAX_CONNECTIONS.",
            allowed, most_connections(), settings.MAX_CONNECTIONS, wanted,
        )  # fmt: skip


class OpenFilesWatch:
    """Looks whether the files of a call can still be opened; if not, says so in one line a minute, however often."""

    def __init__(self) -> None:
        self._said_at = -math.inf

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        asyncio.get_running_loop().set_exception_handler(self._handle)
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Open a few files, and close them."""
        opened: list[int] = []
        try:
            for _ in range(FILES_OF_A_CALL):
                opened.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as problem:
            self._note(problem)
        finally:
            for each in opened:
                os.close(each)

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        problem = context.get("exception")
        if isinstance(problem, OSError) and problem.errno in EXHAUSTED:
            self._note(problem)
        else:
            loop.default_exception_handler(context)

    def _note(self, problem: OSError) -> None:
        now = time.monotonic()
        if problem.errno not in EXHAUSTED or now - self._said_at < LINE_SECONDS:
            return
        self._said_at = now
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        whose = f"of this process ({files})" if problem.errno == errno.EMFILE else "of the whole machine"
        logger.error(
            "The limit on open files %s is reached: new connections are closed unanswered and calls to vendors fail, "
            "until others end. Allow more (systemd: LimitNOFILE; Compose: ulimits), or lower MAX_CONNECTIONS.",
            whose,
        )


open_files = OpenFilesWatch()
