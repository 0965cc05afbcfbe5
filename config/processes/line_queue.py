"""Lines that a thread writes, so that nobody who says something waits for a reader.

A reader that does not keep up costs lines, and not the process: those beyond MOST_BYTES are left out until half of that
is free again, and the line in their place says how many they were.
"""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

MOST_BYTES = 4 * 1024 * 1024
# What the queue itself needs for a line, roughly.
BYTES_BESIDE = 200
# How long the end of a process waits for a reader that takes nothing.
PATIENCE_SECONDS = 2.0
LOST = "{} left out: whatever reads them did not keep up"

Line = TypeVar("Line")


class LineQueue(Generic[Line]):
    """Lines in their order; `write` may wait as long as it likes, and `lost` makes the line that tells of a gap."""

    def __init__(self, write: Callable[[Line], None], lost: Callable[[int], Line], *, most: int = MOST_BYTES) -> None:
        self._write, self._tell, self._most = write, lost, most
        self._lines: queue.SimpleQueue[tuple[Line, int, int]] = queue.SimpleQueue()
        # Reentrant, for a handler of signals that logs.
        self._changed = threading.Condition(threading.RLock())
        self._bytes = self._lost = self._written = 0
        self._writer: threading.Thread | None = None

    def is_idle(self) -> bool:
        """Return whether nothing waits, is being written, or has still to be told."""
        with self._changed:
            return not self._bytes and not self._lost

    def put(self, line: Line, size: int) -> None:
        """Have a line of `size` bytes written, or count it where the reader is too far behind."""
        with self._changed:
            if self._bytes and self._bytes + size > (self._most // 2 if self._lost else self._most):
                self._lost += 1
                return
            self._tell_lost()
            self._add(line, size, 1)

    def drain(self) -> bool:
        """Wait until all is written, for as long as the reader takes something; return whether it is."""
        with self._changed:
            while self._bytes:
                written = self._written
                if not self._changed.wait(PATIENCE_SECONDS) and written == self._written:
                    return False
        return True

    def _add(self, line: Line, size: int, stands_for: int) -> None:
        size += BYTES_BESIDE
        self._bytes += size
        self._lines.put((line, size, stands_for))
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_all, name="lines", daemon=True)
            self._writer.start()

    def _tell_lost(self) -> None:
        if self._lost:
            self._add(self._tell(self._lost), 0, self._lost)
            self._lost = 0

    def _write_all(self) -> None:
        while True:
            line, size, stands_for = self._lines.get()
            try:
                self._write(line)
                failed = 0
            except OSError:  # the reader is gone, or the disk is full: told if a later line can be written
                failed = stands_for
            self._note(size, failed)

    def _note(self, size: int, failed: int) -> None:
        with self._changed:
            self._bytes -= size
            self._written += 1
            self._lost += failed
            # The last ones, which no further line may follow.
            if not self._bytes and not failed:
                self._tell_lost()
            self._changed.notify_all()
