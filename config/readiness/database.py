"""The database as calls use it: it answers, has this release's schema and these keys, takes writes, tells the time."""

import time
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from prometheus_client import Gauge

from accounts import heartbeat
from accounts.errors import KeysUnusable
from accounts.keys.register import check_quickly
from accounts.models import WriteProbe
from config.schema import unapplied_words

CLOCK_OFFSET = Gauge("patchbay_clock_offset_seconds", "How far this machine's clock is ahead of the database's.")
STARTED = time.monotonic()
AFTER_MIGRATIONS = "not checked, because of the migrations"
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
    """Ask for the time, the migrations and the keys; return words for what is not in order."""
    try:
        words = {"clock": _clock(), "migrations": unapplied_words()}
        words["keys"] = AFTER_MIGRATIONS if words["migrations"] else _keys()
    finally:
        connection.close()  # it belongs to this thread, which ends now
    return {part: said for part, said in words.items() if said}


def write() -> Mapping[str, str]:
    """Write one row; return words if that is refused."""
    try:
        if not WriteProbe.objects.filter(pk=1).update(written_at=timezone.now()):
            WriteProbe.objects.get_or_create(pk=1)
    except DatabaseError as refusal:
        said = str(refusal).lower()
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


def _keys() -> str:
    try:
        check_quickly()
    except KeysUnusable as unusable:
        return f"{', '.join(unusable.names)} wrong or missing; run `manage.py check_keys`"
    except DatabaseError:  # the check itself only reads
        return "not registered yet, because the database refuses a write"
    return ""


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
