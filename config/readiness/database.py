"""The database as calls use it: it answers, has this release's schema and these keys, takes writes, tells the time."""

import time
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from prometheus_client import Gauge

from accounts import heartbeat
from accounts.database.lanes import Lane, enter
from accounts.database.outages import AWAY, outage_of
from accounts.database.threads import look_up
from accounts.keys.findings import HARMFUL, KeyState, findings
from accounts.models import WriteProbe
from accounts.models.changes import Place, news_since
from config.schema import unapplied_words
from config.start import RELATION_MISSING

CLOCK_OFFSET = Gauge("patchbay_clock_offset_seconds", "How far this machine's clock is ahead of the database's.")
STARTED = time.monotonic()
# What drivers say when the database takes no writes; their texts may contain names, and are not passed on.
WRITES_REFUSED = {
    "read-only": "the database is read-only: reads go on, but no write, sign-in or change; a standby was not promoted, "
    "or the file may not be written",
    "readonly": "the database is read-only: reads go on, but no write, sign-in or change; the file may not be written",
    "full": "the database's disk is full",
    "no space": "the database's disk is full",
    "locked": "the database is locked by another process",
    "lock timeout": "another transaction blocks writes",
}


def look() -> Mapping[str, str]:
    """Ask for the time, which takes no table that could be locked; return words if the clocks differ."""
    try:
        words = _clock()
    finally:
        connection.close()  # it belongs to this thread, which ends now
    return {"clock": words} if words else {}


async def look_up_changes() -> Mapping[str, str]:
    """Raise unless what every call begins with can be looked up, where calls look it up: behind the same line."""
    await look_up(news_since, Place())
    return {}


def migrations() -> Mapping[str, str]:
    """Return words if the database lacks migrations of this release."""
    try:
        words = unapplied_words()
    finally:
        connection.close()
    return {"migrations": words} if words else {}


def keys() -> Mapping[str, str]:
    """Return words for keys that are not the database's. It only reads: during a rotation each process has others."""
    try:
        found = findings()
    finally:
        connection.close()
    words = {}
    if harmful := [finding.name for finding in found if finding.state in HARMFUL]:
        words["keys"] = f"{', '.join(harmful)} wrong or missing; run `manage.py check_keys`"
    if any(finding.state is KeyState.REPLACED for finding in found):
        words["rotation"] = "a rotation has replaced this process's SECRET_KEY; restart the process with the new one"
    return words


def write() -> Mapping[str, str]:
    """Write one row over a connection of those that note writes before they are sent; return words if it is refused.

    Raises if nothing can be said of writes alone.
    """
    enter(Lane.INTENT)
    try:
        if not WriteProbe.objects.filter(pk=1).update(written_at=timezone.now()):
            WriteProbe.objects.get_or_create(pk=1)
    except DatabaseError as refusal:
        said, outage = str(refusal).lower(), outage_of(refusal)
        if RELATION_MISSING.search(said) or (outage and outage.kind == AWAY):
            raise
        words = next((words for sign, words in WRITES_REFUSED.items() if sign in said), "the database refuses a write")
        return {"writes": words}
    finally:
        connection.close()
    return {}


def background() -> Mapping[str, str]:
    """Return words if beat or worker has not done its work for minutes."""
    try:
        words = heartbeat.silence_words(timedelta(seconds=time.monotonic() - STARTED))
    finally:
        connection.close()
    return {"background": words} if words else {}


def _clock() -> str:
    """Compare this machine's clock with that of PostgreSQL; SQLite has no other."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT 1")
            return ""
        asked = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::double precision")
        theirs = float(cursor.fetchone()[0])
        answered = time.time()
    ahead = (asked + answered) / 2 - theirs
    CLOCK_OFFSET.set(ahead)
    # The answer's way may account for half of the time that it took.
    if abs(ahead) - (answered - asked) / 2 <= settings.CLOCK_OFFSET_SECONDS:
        return ""
    direction = "ahead of" if ahead > 0 else "behind"
    return (
        f"this machine's clock is {abs(ahead):.0f} s {direction} the database's: the ends of URLs, tokens and "
        "sessions, OAuth and second factors go by it; set both machines' clocks by NTP"
    )
