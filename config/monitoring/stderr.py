"""Where lines of the log go: standard error, without ever waiting for whoever reads it.

As long as the reader keeps up, a line is written at once, so that a process that is killed has said all it logged.
"""

import logging
import os
import select
import sys

from accounts.texts.counting import counted
from config.processes.line_queue import LOST, LineQueue

# A pipe that can be written to takes as many bytes at once (POSIX, write).
AT_ONCE = select.PIPE_BUF


class StderrHandler(logging.Handler):
    """A handler whose lines a thread writes from the moment that the reader falls behind."""

    def __init__(self) -> None:
        super().__init__()
        self._begin()
        # A child has none of the threads, and would write the lines of its parent again.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lines = LineQueue(_write, self._lost)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or leave it to the thread; without standard error drop it, since 2 may be any file's number."""
        if sys.__stderr__ is None:
            return
        try:
            line = self._line(record)
        except Exception:  # as logging's own handlers do: no line may fail what it tells of
            self.handleError(record)
            return
        rest = _write_at_once(line) if self._lines.is_idle() else line
        if rest:
            self._lines.put(rest, len(rest))

    def flush(self) -> None:
        """Wait for the thread; logging itself does so at the end of the process."""
        self._lines.drain()

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(errors="backslashreplace")

    def _lost(self, number: int) -> bytes:
        words = LOST.format(counted(number, "line"))
        return self._line(logging.LogRecord(__name__, logging.ERROR, __file__, 0, words, None, None))


def _write_at_once(line: bytes) -> bytes:
    """Write of a line what takes no waiting; return the rest."""
    if len(line) > AT_ONCE:
        return line
    try:
        _, free, _ = select.select((), (_number(),), (), 0)
        return line[os.write(free[0], line) :] if free else line
    except OSError:
        return line


def _write(line: bytes) -> None:
    """Write a line however long it takes."""
    while line:
        try:
            line = line[os.write(_number(), line) :]
        except BlockingIOError:  # another process that has the same terminal or pipe asked for this
            select.select((), (_number(),), ())


def _number() -> int:
    return sys.__stderr__.fileno() if sys.__stderr__ is not None else -1
