"""Moments as vendors and models write them: dates in ISO 8601, and seconds or milliseconds since 1970."""

from datetime import UTC, datetime
from typing import Any

LONGEST_DATE = 40
# Whole seconds since 1970 that are a date of this century.
SECONDS = range(10**9, 5 * 10**9)


def moment_of(value: Any) -> float | None:
    """Return the seconds since 1970 of a date in ISO 8601, or of such seconds or milliseconds."""
    if isinstance(value, str) and len(value) <= LONGEST_DATE:
        return _written_moment(value.strip())
    if type(value) not in {int, float} or not 0 < value < SECONDS.stop * 1000:
        return None
    seconds = value if value < SECONDS.stop else value / 1000
    return float(seconds) if int(seconds) in SECONDS else None


def _written_moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        # Without an offset, all of one list are taken to be in the same zone.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
