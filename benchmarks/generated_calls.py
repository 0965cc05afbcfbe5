"""Generated calls through arguments, vendor and result, and what went wrong in them: nothing should.

Run as `python -m benchmarks.generated_calls`. One process plays everything, over sockets, with a database of its own. A
fifth of the walks enters at MCP's `tools/call`, the others where REST does. Exits with 1 where anything went wrong.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the calls in a process that is configured for them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None, help="Repeats a run; another one each time unless told.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": folder, "DATABASE_URL": "", "REDIS_URL": "",
            "UPSTREAM_PRIVATE_HOSTS": "127.0.0.1", "UPSTREAM_CIRCUIT_FAILURES": "0", "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.generated", str(options.calls)]
        if options.seed is not None:
            command.append(str(options.seed))
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
