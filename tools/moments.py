"""Moments as vendors and models write them: dates in ISO 8601, and seconds or milliseconds since 1970."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

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


def names_offset(value: Any) -> bool:
    """Return whether a date says which moment it is: a text without an offset is a time in some zone."""
    return not isinstance(value, str) or _parsed(value.strip()).tzinfo is not None


def day_of(value: Any, zone: ZoneInfo) -> date | None:
    """Return the day of a moment in a zone; a text without an offset stays the day that it names.

    None where there is no such day: the first and the last years do not last as long in every zone.
    """
    seconds = moment_of(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, zone if names_offset(value) else UTC).date()
    except (ValueError, OverflowError):
        return None


def _parsed(text: str) -> datetime:
    """Return a date in ISO 8601; the first moment of all for any other text."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min


def _written_moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        # Without an offset, all of one list are taken to be in the same zone.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
