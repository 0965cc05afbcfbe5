"""What is told of changes."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.changes import Change, subscribe


@contextmanager
def hearing() -> Iterator[list[Change]]:
    """Collect what is told of changes for as long as the block lasts."""
    heard: list[Change] = []
    undo = subscribe(heard.append)
    try:
        yield heard
    finally:
        undo()
