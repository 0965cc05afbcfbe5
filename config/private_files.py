"""Keep what Patchbay writes to its own user: the database, its logs, the broker's messages, the schedule.

The database holds what customers wrote; on a machine with other users nobody else may read it.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

OTHERS = stat.S_IRWXG | stat.S_IRWXO
# What earlier versions made readable for others, in DATA_DIR; nothing else that lies there is touched.
OWN = ("*.secret", "*.sqlite3*", "beat-schedule*", "*.log", "*.pid", "broker", "broker/**/*")
SUFFIXES = ("", "-wal", "-shm", "-journal")


def keep_private() -> None:
    """Have this process make files for its own user alone, and close those of an earlier start."""
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
    """Tell whether a folder is Patchbay's alone, and not one such as /tmp that holds its files too."""
    return any(folder.glob("*.secret")) and not folder.stat().st_mode & stat.S_ISVTX and folder != Path.home()


def _close(path: Path) -> None:
    """Take the rights of others away, where the file is there and this user's own."""
    try:
        found = path.lstat()
        if not stat.S_ISLNK(found.st_mode) and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except (FileNotFoundError, PermissionError):
        pass  # gone meanwhile, or somebody else's, who keeps it as they will
