"""The simulator of the tests in this room: its moment, its limit, its clock."""

from dataclasses import dataclass
from datetime import UTC, datetime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY_LIMIT = 1800


@dataclass
class Elapsed:
    """Seconds that have passed, because a test said so."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds
