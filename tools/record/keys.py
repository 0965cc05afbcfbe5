"""Calls by their numbers, with the period in which they began: PostgreSQL then reads only the months of that period."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from tools.models import Call


@dataclass(frozen=True, slots=True)
class CallKeys:
    """The numbers of some calls, at least one, and when the first and the last of them began."""

    numbers: tuple[int, ...]
    first: datetime
    last: datetime

    @classmethod
    def of(cls, calls: Iterable[tuple[int, datetime]]) -> "CallKeys":
        numbers, began = zip(*calls, strict=True)
        return cls(numbers, min(began), max(began))

    def calls(self) -> QuerySet[Call]:
        return self.period().filter(pk__in=self.numbers)

    def period(self) -> QuerySet[Call]:
        """Return all calls of the period."""
        return Call.objects.filter(started_at__range=(self.first, self.last))

    def condition(self) -> tuple[str, list[Any]]:
        """Return the condition on a row in SQL, and its parameters."""
        moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (self.first, self.last)]
        marks = ", ".join(["%s"] * len(self.numbers))
        return f"id IN ({marks}) AND started_at BETWEEN %s AND %s", [*self.numbers, *moments]
