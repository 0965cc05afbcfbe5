"""Host names of a test's own: a name server and a hosts file that only the processes it starts can see."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, UDPServer

import pytest

# An address of this machine alone, as all of 127.0.0.0/8 is. Resolvers ask at port 53 and nowhere else.
ADDRESS = f"127.66.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
# RFC 1035, 4.1.1: an answer, recursion available; no such name.
NO_SUCH_NAME = b"\x81\x83"
# Of the resolver, for each query that is swallowed; its own default is 5, twice.
PATIENCE_SECONDS = 2


class NameServer(UDPServer):
    """Knows no name; or takes every query, and answers none."""

    allow_reuse_address = True
    swallows = False


class _Query(BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        query, answering = self.request
        if not self.server.swallows:
            question = query[12 : query.index(b"\0", 12) + 5]
            # One question, and no records.
            answering.sendto(query[:2] + NO_SUCH_NAME + query[4:6] + bytes(6) + question, self.client_address)


@dataclass(frozen=True)
class OwnNames:
    """What resolves: the names in the hosts file, which resolvers read each time."""

    folder: Path
    server: NameServer

    def know(self, *names: str) -> None:
        """Let these names, and no others, lead to this machine."""
        (self.folder / "hosts").write_text(f"127.0.0.1 {' '.join(('localhost', *names))}\n")

    @property
    def prefix(self) -> tuple[str, ...]:
        """What starts a program with these names, in a mount namespace of its own."""
        mounts = " && ".join(f"mount --bind {self.folder / name} /etc/{name}" for name in ("hosts", "resolv.conf"))
        return ("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh")


@contextmanager
def own_names(folder: Path) -> Iterator[OwnNames]:
    """Serve names of a test's own; skip the test where this user may not."""
    try:
        server = NameServer((ADDRESS, 53), _Query)
    except PermissionError:
        pytest.skip("This user may serve no names: port 53 takes root.")
    options = f"options timeout:{PATIENCE_SECONDS} attempts:1"
    (folder / "resolv.conf").write_text(f"nameserver {ADDRESS}\n{options}\n")
    names = OwnNames(folder, server)
    names.know()
    with server:
        serving = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        serving.start()
        try:
            _skip_without_namespaces(names)
            yield names
        finally:
            server.shutdown()
            serving.join()


def _skip_without_namespaces(names: OwnNames) -> None:
    trial = subprocess.run([*names.prefix, "true"], capture_output=True, text=True, check=False)
    if trial.returncode:
        pytest.skip(f"This user may give no process names of its own: {trial.stderr.strip()}")
