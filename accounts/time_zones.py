"""Time zones by their names in the IANA database, such as Europe/Berlin."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError

from accounts.texts.nearest import nearest

MAX_NAME = 64
# The machine's own zone, and one of which nothing is known.
NO_PLACES = frozenset({"localtime", "Factory"})
UTC = ZoneInfo("UTC")


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of this name; UTC for an empty name, or one that the system no longer has."""
    try:
        return ZoneInfo(name) if name else UTC
    # ZoneInfo reads a file by the given name: bad keys raise ValueError, names of folders OSError.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@lru_cache(maxsize=1)
def zone_names() -> list[str]:
    """Return the names of all zones, in alphabetical order."""
    return sorted(available_timezones() - NO_PLACES)


def time_zone_problem(name: str) -> str:
    """Return why a text is no name of a zone, with the name that was probably meant; empty if it is one, or empty."""
    if not name or name in zone_names():
        return ""
    shown = name[:MAX_NAME]
    # Most people give the city alone.
    city = shown.rpartition("/")[2].strip().replace(" ", "_").casefold()
    ending = next((known for known in zone_names() if known.rpartition("/")[2].casefold() == city), "")
    meant = ending or nearest(shown, zone_names(), cutoff=0.6)
    hint = f" Did you mean {meant}?" if meant else " Give one such as Europe/Berlin."
    return f"{shown!r} is not the name of a time zone in the IANA database.{hint}"


def check_time_zone(name: str) -> None:
    """Raise Django's ValidationError for a text that is no name of a zone."""
    if problem := time_zone_problem(name):
        raise ValidationError(problem)
