"""Make Patchbay's files private to its user: the database, logs, the broker's messages, the schedule.

The database contains customers' texts, which other users of the machine must not read.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Files in DATA_DIR that earlier versions left readable by others; other files there are not touched.
OWN = ("*.secret", "*.sqlite3*", "beat-schedule*", "*.log", "*.pid", "broker", "broker/**/*")
SUFFIXES = ("", "-wal", "-shm", "-journal")


def keep_private() -> None:
    """Set the umask, and remove other users' access from existing files."""
    os.umask(OTHERS)
    for path in _own_files():
        _close(path)


def _own_files() -> Iterator[Path]:
    folder: Path = settings.DATA_DIR
    if _is_ours(folder):
        yield folder
    for pattern in OWN:
        yield from folder.glob(pattern)
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        yield from (Path(f"{database['NAME']}{suffix}") for suffix in SUFFIXES)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder belongs to Patchbay alone, unlike /tmp or a home folder."""
    return any(folder.glob("*.secret")) and not folder.stat().st_mode & stat.S_ISVTX and folder != Path.home()


def _close(path: Path) -> None:
    """Remove other users' access, if the file exists and belongs to this user."""
    try:
        found = path.lstat()
        # `chmod` would follow a link out of the folder.
        if not stat.S_ISLNK(found.st_mode) and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except (FileNotFoundError, PermissionError):
        pass  # deleted meanwhile, or another user's file
