"""What a real process logs to a pipe that is read late, or not at all."""

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from config.processes.line_queue import MOST_BYTES
from tests.pipes import Pipe, pipe
from tests.stack import ROOT

BEGIN = """
import logging, logging.config, os, sys
from config.monitoring.logs import logging_settings
logging.config.dictConfig(logging_settings(level="INFO", style="text"))
log = logging.getLogger("x").info
"""


@contextmanager
def start(script: str, to: Pipe) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that logs with the project's settings, and end it, should it wait for a reader."""
    command = [sys.executable, "-c", BEGIN + script]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=to.writing) as process:
        try:
            yield process
        finally:
            process.kill()


def has_logged(process: subprocess.Popen[bytes]) -> bool:
    """Wait until a process says on its output that it is done, as long as that takes at most."""
    assert process.stdout is not None
    said, _, _ = select.select([process.stdout], [], [], 60)
    return bool(said) and process.stdout.readline() == b"done\n"


def numbers(output: str) -> list[int]:
    """Return the numbers that were logged, in their order."""
    return [int(line.split("number ")[1].split()[0]) for line in output.splitlines() if "number " in line]


def test_a_process_that_logs_more_than_a_pipe_takes_loses_nothing_at_its_end() -> None:
    with pipe() as unread, start("for n in range(2000): log('number %d', n)\nprint('done', flush=True)", unread) as one:
        assert has_logged(one)  # although nobody has read yet
        assert numbers(unread.read_all()) == list(range(2000))
        assert one.wait(60) == 0


def test_a_process_that_is_killed_has_said_what_it_logged() -> None:
    with pipe() as read, start("log('number %d', 1)\nos.kill(os.getpid(), 9)", read) as killed:
        assert killed.wait(60) == -9
        assert numbers(read.read_all()) == [1]


def test_lines_beyond_the_limit_are_counted_in_their_place() -> None:
    many = 2 * MOST_BYTES // 1000
    script = f"for n in range({many}): log('number %d %s', n, 'x' * 1000)\nprint('done', flush=True)"
    with pipe() as unread, start(script, unread) as one:
        assert has_logged(one)
        output = unread.read_all()
        assert one.wait(60) == 0
    said = numbers(output)
    lost = next(line for line in output.splitlines() if "left out" in line)
    assert said == list(range(len(said)))
    assert int(lost.split("] ")[1].split(" ")[0].replace(",", "")) == many - len(said) > 0


def test_a_process_ends_although_nobody_reads() -> None:
    with pipe() as unread:
        unread.fill()
        with start("log('number %d', 1)", unread) as one:
            assert one.wait(60) == 0


def test_a_child_writes_its_own_lines_and_none_of_its_parent_s() -> None:
    script = """
for n in range(100): log('number %d', n)
child = os.fork()
log('number %d', 200 if child else 100)
if child: os.waitpid(child, 0)
print('done', flush=True)
"""
    with pipe() as unread, start(script, unread) as one:
        assert sorted(numbers(unread.read_all())) == [*range(101), 200]
        assert one.wait(60) == 0
