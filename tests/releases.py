"""The previous release: its code, and the schema that its processes expect."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.stack import ROOT


@dataclass(frozen=True)
class Release:
    """A release: its commit, for copies of the repository without tags, and the last migration of each app."""

    version: str
    commit: str
    migrations: tuple[tuple[str, str], ...]

    def reference(self) -> str | None:
        """Return what git knows the release by: its tag, or its commit; None in a copy without either."""
        for reference in (f"refs/tags/v{self.version}", self.commit):
            found = _git("rev-parse", "--quiet", "--verify", f"{reference}^{{commit}}")
            if found.returncode == 0:
                return found.stdout.decode().strip()
        return None

    def unpack(self, folder: Path) -> None:
        """Write the release's files into a folder; raise LookupError in a copy without the release."""
        reference = self.reference()
        if reference is None:
            raise LookupError(f"Release {self.version} is not in this copy: git fetch --tags --unshallow")
        archived = _git("archive", "--format=tar", reference)
        with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
            archive.extractall(folder, filter="data")


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)


# What else a release asks for is in CONTRIBUTING.md.
PREVIOUS = Release(
    version="0.1.0",
    commit="fab0aca3a8a0691e515c106c06deac569d08f93c",
    migrations=(
        ("accounts", "0009_writes_without_pages"),
        ("mcpservers", "0003_search_mode"),
        ("tools", "0004_busy_outcome"),
    ),
)
