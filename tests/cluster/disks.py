"""A disk of a few megabytes that a test fills, and makes space on again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# Ever smaller, so that not one byte is left.
PIECES = (64 * 1024, 4096, 1)


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory, mounted at a folder."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Leave no space."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in PIECES:
                while _fits(ballast.fileno(), size):
                    pass

    def free(self) -> None:
        """Give the space back."""
        self._ballast.unlink()


def _fits(file: int, size: int) -> bool:
    try:
        return os.write(file, bytes(size)) > 0
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk at a new folder; skip the test where this user may mount nothing."""
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={megabytes}m,mode=755")
    mounting = subprocess.run(["mount", *options, "tmpfs", str(folder)], capture_output=True, text=True, check=False)
    if mounting.returncode:
        pytest.skip(f"This user may not mount a small disk to fill: {mounting.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily, since a process of a failed test may still be there.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
