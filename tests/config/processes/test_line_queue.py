"""Lines that a thread writes: none is lost while the reader keeps up, and otherwise their number is told."""

import threading

from config.processes.line_queue import BYTES_BESIDE, LineQueue


class Reader:
    """Takes lines once it is let."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.may_take = threading.Event()
        self.is_gone = False

    def take(self, line: str) -> None:
        assert self.may_take.wait(30)
        if self.is_gone:
            raise BrokenPipeError
        self.lines.append(line)


def queue_for(reader: Reader, most: int) -> LineQueue[str]:
    """Return a queue that takes `most` lines of one byte."""
    return LineQueue(reader.take, lambda number: f"{number} lost", most=most * (BYTES_BESIDE + 1))


def test_lines_arrive_in_their_order() -> None:
    reader = Reader()
    lines = queue_for(reader, most=1000)
    for number in range(500):
        lines.put(str(number), 1)
    reader.may_take.set()
    assert lines.drain()
    assert reader.lines == [str(number) for number in range(500)]
    assert lines.is_idle()


def test_those_beyond_the_limit_are_told_in_their_place() -> None:
    reader = Reader()
    lines = queue_for(reader, most=4)
    for name in "abcdefgh":
        lines.put(name, 1)
    reader.may_take.set()
    assert lines.drain()
    lines.put("z", 1)
    assert lines.drain()
    told = next(int(line.split()[0]) for line in reader.lines if line.endswith(" lost"))
    taken = [line for line in reader.lines if not line.endswith(" lost")]
    assert taken == [*"abcdefgh"[: 8 - told], "z"]
    assert reader.lines.index(f"{told} lost") == 8 - told


def test_the_last_that_are_lost_are_told_without_another_line() -> None:
    reader = Reader()
    lines = queue_for(reader, most=2)
    for name in "abcd":
        lines.put(name, 1)
    reader.may_take.set()
    assert lines.drain()
    assert reader.lines[-1].endswith(" lost")


def test_a_reader_that_is_gone_and_comes_back_is_told_how_many_it_missed() -> None:
    reader = Reader()
    reader.may_take.set()
    lines = queue_for(reader, most=10)
    reader.is_gone = True
    for name in "abc":
        lines.put(name, 1)
        assert lines.drain()
    reader.is_gone = False
    lines.put("d", 1)
    assert lines.drain()
    assert reader.lines == ["3 lost", "d"]


def test_nobody_waits_for_a_reader_that_takes_nothing() -> None:
    reader = Reader()
    lines = queue_for(reader, most=2)
    for number in range(100):
        lines.put(str(number), 1)
    assert not lines.drain()
    reader.may_take.set()
