"""Run the JavaScript clients."""

import json
import os
import subprocess
from pathlib import Path

from tests.npm import node_of

SECONDS = 60
# 5 is how the inspector ends after a result with isError.
ANSWERED = {0, 5}


def run(folder: Path, *command: str) -> str:
    """Run a program with the Node.js of the clients, and a home of its own; return what it printed."""
    environment = {**os.environ, "HOME": str(folder / "home"), "MCP_REMOTE_CONFIG_DIR": str(folder / "home")}
    done = subprocess.run(
        [node_of(folder), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode in ANSWERED and done.stdout:
        return done.stdout
    return json.dumps({"error": done.stderr[-2000:] or f"exit status {done.returncode}"})
