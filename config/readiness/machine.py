"""What this machine and this process have: free space on the disk, and nothing that has been waiting for long."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from prometheus_client import Gauge

from tools.record.intents import waiting_intents
from tools.record.recorder import CallRecorder, recorder
from tools.record.waiting import Waiting

MEGABYTE = 1024 * 1024
DISK_FREE = Gauge("patchbay_disk_free_bytes", "Free bytes on the disk of DATA_DIR, or the database file's if less.")


def disk() -> Mapping[str, str]:
    """Return words if there is little space left where Patchbay writes."""
    free = min(shutil.disk_usage(_existing(folder)).free for folder in _folders())
    DISK_FREE.set(free)
    if free >= settings.DISK_LOW_MEGABYTES * MEGABYTE:
        return {}
    return {
        "disk": f"{free // MEGABYTE} MB are free where Patchbay writes, fewer than DISK_LOW_MEGABYTES "
        f"({settings.DISK_LOW_MEGABYTES}): make space, or keep the record of calls for fewer days"
    }


def _folders() -> Iterator[Path]:
    yield settings.DATA_DIR
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        yield Path(str(database["NAME"])).parent


def _existing(folder: Path) -> Path:
    while not folder.exists():  # created with the first file
        folder = folder.parent
    return folder


async def record(of: CallRecorder = recorder, intents: Waiting = waiting_intents) -> Mapping[str, str]:
    """Return words if calls have been waiting for long to be written, or writes for their intents."""
    record, intent = of.oldest_record(), intents.oldest()
    if max(record, intent) <= settings.RECORD_WAIT_SECONDS:
        return {}
    what = "an ended call has been waiting to be written into the record of calls"
    if intent > record:
        what = "a write has been waiting to be noted before it is sent"
    return {
        "record": f"{what} for {max(record, intent):.0f} s: the database is slow or takes no writes, "
        "or something blocks the table"
    }
