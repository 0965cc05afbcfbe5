"""A pipe for what processes print, which somebody stops reading."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass
class Pipe:
    """`writing` is for a process; nothing of the pipe is read but by this object."""

    reading: int
    writing: int

    def read_until(self, text: str) -> str:
        """Read up to a text; return all that came before and with it."""
        read = b""
        while text.encode() not in read:
            part = os.read(self.reading, 4096)
            assert part, f"the pipe ended before {text!r}: {read.decode()}"
            read += part
        return read.decode()

    def read_all(self) -> str:
        """Read until no process writes to the pipe any more."""
        os.close(self.writing)
        self.writing = -1
        with os.fdopen(os.dup(self.reading), "rb") as file:
            return file.read().decode()

    def fill(self) -> None:
        """Leave no room in the pipe. A process may write meanwhile: it waits from then on, where it waits at all."""
        # Opened anew, since a flag would hold for the process's own end too.
        full = os.open(f"/proc/self/fd/{self.writing}", os.O_WRONLY | os.O_NONBLOCK)
        for size in (4096, 1):
            with suppress(BlockingIOError):
                while True:
                    os.write(full, b"." * size)
        os.close(full)


@contextmanager
def pipe() -> Iterator[Pipe]:
    """Make a pipe that takes little before it is full."""
    made = Pipe(*os.pipe())
    fcntl.fcntl(made.writing, fcntl.F_SETPIPE_SZ, 4096)
    try:
        yield made
    finally:
        for number in (made.reading, made.writing):
            if number >= 0:
                os.close(number)
