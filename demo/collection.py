"""Records of one kind, found by number or reference."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from demo.errors import NotFound
from demo.references import parse_reference


class Record(Protocol):
    """A record with a number."""

    @property
    def id(self) -> int:
        """The number that is part of the record's reference."""


R = TypeVar("R", bound=Record)


class Collection(Generic[R]):
    """Records by number; `prefix` is that of their references, if they have any."""

    def __init__(self, noun: str, prefix: str = "") -> None:
        self.noun = noun
        self._prefix = prefix
        self._records: dict[int, R] = {}
        self._highest = 0

    def __iter__(self) -> Iterator[R]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def next_id(self) -> int:
        """Return the number after the highest one ever used."""
        return self._highest + 1

    def add(self, record: R) -> R:
        """Store a record. Raises ValueError if its number is taken."""
        if record.id in self._records:
            raise ValueError(f"{self.noun} {record.id} exists already")
        self._records[record.id] = record
        self._highest = max(self._highest, record.id)
        return record

    def remove(self, record: R) -> None:
        """Delete a record."""
        # The highest number stays, since a vendor does not reuse the number of a deleted record.
        del self._records[record.id]

    def find(self, reference: str) -> R | None:
        """Return the record with this number or reference, or None."""
        number = parse_reference(reference, self._prefix)
        return None if number is None else self._records.get(number)

    def get(self, reference: str) -> R:
        """Return the record with this number or reference. Raises NotFound."""
        record = self.find(reference)
        if record is None:
            raise NotFound(f"There is no {self.noun} with this id.")
        return record
