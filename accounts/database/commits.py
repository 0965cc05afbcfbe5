"""Notes on a transaction: written as the last thing before it is committed, and told as the first thing after it.

A note may lock a row that every such transaction needs. Nobody waits for it longer than a commit takes, and since no
other lock is taken afterwards, it is part of no deadlock.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper


class CommitNote:
    """One thing to tell; registered with `transaction.on_commit`, so that a rollback drops it."""

    @classmethod
    def write(cls, notes: Sequence[Any]) -> None:
        """Write all notes of a transaction that is about to be committed."""

    @classmethod
    def tell(cls, notes: Sequence[Any]) -> None:
        """Tell all notes of a transaction that has been committed; this must not raise."""

    def __call__(self) -> None:
        """Tell this one, for those who run the callbacks of a transaction themselves."""
        self.tell([self])


class Noted(Protocol):
    """What `notes_of` needs of a connection."""

    run_on_commit: list[Any]


def notes_of(connection: Noted) -> list[CommitNote]:
    """Return the notes of the open transaction that have not been rolled back."""
    return [entry[1] for entry in connection.run_on_commit if isinstance(entry[1], CommitNote)]


class NotedCommits(BaseDatabaseWrapper):
    """The part of an engine that writes and tells notes."""

    run_on_commit: list[Any]

    def commit(self) -> None:
        """Write the notes and commit, or roll everything back and raise."""
        try:
            self._write_notes()
        except BaseException:
            self.rollback()
            raise
        super().commit()

    def _write_notes(self) -> None:
        if not (notes := notes_of(self)):
            return
        # Django has left the block already; without it, the first query here would commit.
        self.in_atomic_block = True
        try:
            self.settle_constraints()
            type(notes[0]).write(notes)
        finally:
            self.in_atomic_block = False

    def settle_constraints(self) -> None:
        """Check what the database would only check, with locks of its own, while it commits."""

    def run_and_clear_commit_hooks(self) -> None:
        """Tell the notes before other callbacks, which may wait or fail."""
        notes = notes_of(self)
        self.run_on_commit = [entry for entry in self.run_on_commit if not isinstance(entry[1], CommitNote)]
        if notes:
            type(notes[0]).tell(notes)
        super().run_and_clear_commit_hooks()
