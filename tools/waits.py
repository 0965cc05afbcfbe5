"""Read how long to wait from a header or member: seconds, a duration such as `6m0s`, Unix time, or a date."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A number above these is Unix time (in seconds or milliseconds), not a number of seconds.
EPOCH_THRESHOLD = 1_000_000_000
EPOCH_MILLISECONDS_THRESHOLD = 100 * EPOCH_THRESHOLD
# No real window is longer than a month; a model must not wait forever for a vendor's mistake.
LONGEST_WAIT = 31 * 86400
# Only this much of a header is read, and of a duration or date.
MOST_CHARACTERS = 1000
LONGEST_MOMENT = 64

NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,20})?")
# 6m0s, 1h2m, 500ms, 30 seconds, PT30S: units from long to short, each with its seconds.
UNITS = {r"d|days?": 86400, r"h|hrs?|hours?": 3600, r"m|mins?|minutes?": 60, r"s|secs?|seconds?": 1,
         r"ms|msecs?|milliseconds?": 0.001}  # fmt: skip
DURATION = re.compile(
    "(?:PT?)?" + "".join(rf"(?:([0-9]{{1,9}}(?:\.[0-9]{{0,9}})?) ?(?:{unit})(?: |T|$|(?=[0-9])))?" for unit in UNITS),
    re.IGNORECASE,
)


def seconds_of(value: str, *, per_second: int = 1) -> int | None:
    """Return the seconds to wait, rounded up; None for what says none, too long, or a time long past.

    `per_second` is 1000 for a header in milliseconds. Dates are those of RFC 9110 or ISO 8601.
    """
    if not value:
        return None
    seconds = _counted(first_item(value), per_second)
    if seconds is None:
        moment = _moment(value.strip())
        if moment is None:
            return None
        seconds = moment - datetime.now(UTC).timestamp()
    return max(0, math.ceil(seconds)) if abs(seconds) <= LONGEST_WAIT else None


def first_item(value: str) -> str:
    """Return the first item of a header, without parameters."""
    return value[:MOST_CHARACTERS].partition(",")[0].partition(";")[0].strip()


def _counted(text: str, per_second: int) -> float | None:
    """Return the seconds in a number or a duration; None for anything else."""
    if NUMBER.fullmatch(text):
        number = float(text)
        milliseconds = number > EPOCH_MILLISECONDS_THRESHOLD
        if milliseconds or (per_second == 1 and number > EPOCH_THRESHOLD):
            return number / (1000 if milliseconds else 1) - datetime.now(UTC).timestamp()
        return number / per_second
    found = DURATION.fullmatch(text) if len(text) <= LONGEST_MOMENT else None
    if not found or not any(found.groups()):
        return None
    return sum(float(count) * unit for count, unit in zip(found.groups(), UNITS.values(), strict=True) if count)


def _moment(value: str) -> float | None:
    if len(value) > LONGEST_MOMENT:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None
