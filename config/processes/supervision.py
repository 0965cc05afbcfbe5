"""Run several processes in the foreground: print what they print, start again those that end, stop all on a signal.

A process that ends with an error soon after its first start would do so again: the setting or the database is at fault.
Then everything ends with its status. Afterwards a process is started again whenever it ends, at first after
FIRST_PAUSE, later after twice the previous pause. One that ends MOST_ENDS times within SPAN seconds is started once in
SPAN seconds, and the others go on: a worker that cannot run keeps nobody from calling tools. If it is the one without
which the others are of no use, everything ends instead, so that whatever started the supervisor notices.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from honcho.colour import get_colours
from honcho.printer import Message

from accounts.texts.counting import counted
from config.processes.line_queue import LOST, LineQueue

SYSTEM = "system"
TETHER = Path(__file__).with_name("tether.py")
# An error within this time from the first start is one of the start.
START_SECONDS = 60.0
FIRST_PAUSE = 0.5
MOST_ENDS = 5
SPAN = 60.0
LAST_WORDS_SECONDS = 2.0
STATUSES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Printer(Protocol):
    """What prints the messages: honcho's printer, or one with another form."""

    width: int

    def write(self, message: Message) -> None:
        """Print one message."""


@dataclass(eq=False)
class Child:
    """One process, through all its lives. Times are those of the monotonic clock."""

    name: str
    command: str
    is_needed: bool
    colour: str | None
    process: subprocess.Popen[bytes] | None = None
    due: float | None = 0.0
    born: float = 0.0
    lives: int = 0
    status: int = 0
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_ENDS))

    def end(self, status: int) -> None:
        """Note how a life ended; a negative status is the signal that ended it."""
        self.process, self.status = None, status
        self.ends.append(time.monotonic())

    @property
    def failed_to_start(self) -> bool:
        """Whether its first life was short and ended with an error of its own."""
        return self.lives == 1 and self.status > 0 and self.ends[-1] - self.born < START_SECONDS

    @property
    def keeps_ending(self) -> bool:
        return len(self.ends) == MOST_ENDS and self.ends[-1] - self.ends[0] < SPAN

    def pause(self, first: float) -> float:
        """Return the seconds to wait before its next life, `first` if it has not ended lately."""
        lately = sum(self.ends[-1] - end < SPAN for end in self.ends)
        return SPAN if self.keeps_ending else float(first * 2 ** (lately - 1))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and to whatever it started."""
        if self.process is not None:
            _signal_group(self.process, number)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class Supervisor:
    """Processes, of whose ends threads tell the main one, while another prints: none of them waits for a reader."""

    def __init__(
        self,
        printer: Printer,
        *,
        folder: Path,
        environment: dict[str, str],
        stop_seconds: float,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._printer = printer
        self._lines = LineQueue(printer.write, self._lost)
        self._folder = folder
        self._environment = environment
        self._stop_seconds = stop_seconds
        self._first_pause = first_pause
        self._children: list[Child] = []
        self._ends: queue.SimpleQueue[tuple[Child, int]] = queue.SimpleQueue()
        self._colours = get_colours()
        self._received: signal.Signals | None = None
        self._status: int | None = None
        self._kill_at = float("inf")
        self._printer.width = len(SYSTEM)

    def add(self, name: str, command: str, *, is_needed: bool = False) -> None:
        """Add a process; without one that `is_needed`, the others are of no use."""
        self._children.append(Child(name, command, is_needed, next(self._colours)))
        self._printer.width = max(self._printer.width, len(name))

    def run(self) -> int:
        """Run until a signal, or an end that cannot be mended; return the exit status."""
        for number in STATUSES:
            signal.signal(number, self._note_signal)
        while self._status is None or any(child.process for child in self._children):
            self._heed_signal()
            self._start_due()
            self._heed_ends()
            self._kill_late()
        self._lines.drain()
        return self._status

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        # Heeded by the loop: a process that is just being started could not be told here.
        self._received = signal.Signals(number)

    def _heed_signal(self) -> None:
        if self._received is not None and self._status is None:
            self._stop(STATUSES[self._received], f"{self._received.name} received")

    def _start_due(self) -> None:
        for child in self._children:
            if self._status is None and child.due is not None and time.monotonic() >= child.due:
                self._start(child)

    def _start(self, child: Child) -> None:
        """Start a process, from the main thread: on Linux it ends with the thread that started it."""
        process = child.process = subprocess.Popen(  # noqa: S603  the Procfile's own commands
            [sys.executable, "-I", "-S", TETHER, str(os.getpid()), child.command],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the supervisor, which then stops them one and all
        )
        child.due, child.born, child.lives = None, time.monotonic(), child.lives + 1
        self._say(f"{child.name} started (pid={process.pid})")
        reading = threading.Thread(target=self._read, args=(child, process.stdout), daemon=True)
        reading.start()
        threading.Thread(target=self._await_end, args=(child, process, reading), daemon=True).start()

    def _read(self, child: Child, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._lines.put(Message("line", line, datetime.now(), child.name, child.colour), len(line))

    def _await_end(self, child: Child, process: subprocess.Popen[bytes], reading: threading.Thread) -> None:
        status = process.wait()
        # Whatever it started has lost it, and would work beside its successor.
        _signal_group(process, signal.SIGKILL)
        # What left its group may hold the output for ever.
        reading.join(LAST_WORDS_SECONDS)
        self._ends.put((child, status))

    def _heed_ends(self) -> None:
        with suppress(queue.Empty):
            self._heed_end(*self._ends.get(timeout=0.1))

    def _heed_end(self, child: Child, status: int) -> None:
        """Decide what an end means."""
        child.end(status)
        self._say(f"{child.name} stopped (rc={status})")
        if self._status is not None:
            return
        if child.failed_to_start:
            self._stop(status, f"{child.name} cannot start, for the reason that it gives above; the others are stopped")
        elif child.keeps_ending and child.is_needed:
            words = f"{child.name} ended {MOST_ENDS} times within a minute, and nothing works without it"
            self._stop(max(status, 1), f"{words}; the others are stopped. Its own lines above may say why.")
        else:
            self._start_later(child)

    def _start_later(self, child: Child) -> None:
        pause = child.pause(self._first_pause)
        child.due = time.monotonic() + pause
        if child.keeps_ending:
            words = f"{child.name} ended {MOST_ENDS} times within a minute; the others stay up, and it is started again"
            self._say(f"{words} in {pause:g} s. Its own lines above may say why.")
        else:
            self._say(f"{child.name} is started again in {pause:g} s")

    def _stop(self, status: int, why: str) -> None:
        self._status = status
        self._kill_at = time.monotonic() + self._stop_seconds
        self._say(why)
        for child in self._children:
            child.signal(signal.SIGTERM)

    def _kill_late(self) -> None:
        if time.monotonic() < self._kill_at:
            return
        self._kill_at = float("inf")
        for child in self._children:
            if child.process is not None:
                self._say(f"{child.name} did not stop within {self._stop_seconds:g} s and is killed")
                child.signal(signal.SIGKILL)

    def _say(self, text: str) -> None:
        self._lines.put(_own_message(text), len(text))

    def _lost(self, number: int) -> Message:
        return _own_message(LOST.format(counted(number, "line")))


def _own_message(text: str) -> Message:
    return Message("line", f"{text}\n", datetime.now(), SYSTEM, None)
