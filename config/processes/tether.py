"""Run a shell command that ends with its parent. Needs only the standard library, so that it costs a few milliseconds.

    python -I -S tether.py PARENT COMMAND

On Linux the kernel sends SIGTERM when the parent ends, even if it was killed and can tell nobody. Elsewhere the command
outlives a killed parent.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Become the command, in this process, so that its signals and its exit status are the command's own."""
    parent, command = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel was asked
            sys.exit(128 + signal.SIGTERM)
    os.execv("/bin/sh", ["sh", "-c", f"exec {command}"])  # noqa: S606  the command is the shell's


if __name__ == "__main__":
    main()
