"""Python programs that tests run apart from the product: installed as a file pins them, where git looks away."""

import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT


class PackagesMissing(Exception):
    """Pinned packages cannot be installed on this machine; the message says which, and why."""


def python_with(name: str, pinned: Path) -> Path:
    """Return the Python of a virtual environment with what a file pins, made unless it is there; or PackagesMissing.

    The file names every package with its version, so that nothing has to be resolved.
    """
    folder = ROOT / "build" / "venvs" / name
    python, stamp, wanted = folder / "bin" / "python", folder / ".installed", pinned.read_bytes()
    if not stamp.exists() or stamp.read_bytes() != wanted:
        _run(pinned, sys.executable, "-m", "venv", "--clear", str(folder))
        _run(pinned, str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(pinned))
        stamp.write_bytes(wanted)
    return python


def _run(pinned: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackagesMissing(f"pip could not install {pinned.relative_to(ROOT)}:\n{done.stderr[-2000:]}")
