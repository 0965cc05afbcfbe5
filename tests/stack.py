"""The product's own processes for end-to-end tests, each on a free port, in a folder of their own."""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent
_given_ports: set[int] = set()


def free_port() -> int:
    """Return a port that nothing uses, and that was not returned before: what was to use it may not have begun."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given_ports:
            _given_ports.add(port)
            return port


@dataclass
class Stack:
    """One copy of the product, which runs the code in `root`. `output` holds what its processes printed.

    `prefix` is a program that starts each process in circumstances of its own, such as `setpriv`.
    """

    folder: Path
    root: Path = ROOT
    port: int = field(default_factory=free_port)
    simulator_port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    prefix: tuple[str, ...] = ()
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    readers: dict[int, threading.Thread] = field(default_factory=dict)
    _printed: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process."""
        return {
            **os.environ,
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed on stdout."""
        done = self.try_to_manage(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_to_manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command that may fail."""
        return subprocess.run(
            [*self.prefix, sys.executable, "manage.py", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def prepare(self) -> None:
        """Do what `make setup` does after installing; the embedded default is a copy of one that was prepared once."""
        if "DATABASE_URL" in self.environment:
            self._prepare_anew()
        else:
            shutil.copytree(prepared_folder(), self.folder, dirs_exist_ok=True)

    def _prepare_anew(self) -> None:
        self.manage("migrate", "-v0")
        self.manage("load_integration", "-v0")

    def start(self, *command: str, until: str) -> subprocess.Popen[str]:
        """Start a process with this interpreter; return once it has printed `until`."""
        process = subprocess.Popen(
            [*self.prefix, sys.executable, *command],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        self.wait_for(process, until)
        return process

    def wait_for(self, process: subprocess.Popen[str], text: str) -> None:
        """Read a process's output until a line holds the text; afterwards a thread goes on reading."""
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line)
            if text in line:
                self.readers[process.pid] = threading.Thread(target=self._drain, args=(process,), daemon=True)
                self.readers[process.pid].start()
                return
        raise AssertionError(f"{process.args!r} ended before it said {text!r}:\n{''.join(self.output[-30:])}")

    def wait_until(self, happened: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for something that the processes print."""
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, "".join(self.output[-30:])
            self._printed.wait(0.5)
            self._printed.clear()

    def _drain(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line)
            self._printed.set()

    def start_web(self) -> None:
        """Start the web process."""
        self.start("-m", "config.serve", until="Uvicorn running")

    def start_simulator(self) -> None:
        """Start the simulator."""
        self.start("-m", "demo", until="listens on")

    def demo(self) -> dict[str, Any]:
        """Issue a fresh token and server, as `manage.py demo --json` does."""
        seeded: dict[str, Any] = json.loads(self.manage("demo", "--json"))
        return seeded

    def fresh_server(self, seeded: dict[str, Any], **config: Any) -> dict[str, Any]:
        """Return what `demo` returned with a new server in the place of its own, made over REST: no process starts.

        `config` is added to settings that open every tool.
        """
        made = httpx.post(
            f"{seeded['dashboard_url']}/integrated-account/{seeded['integrated_account_id']}/mcp",
            json={"name": "Fresh", "config": {"methods": ["read", "write", "custom"], **config}},
            headers={"Authorization": f"Bearer {seeded['api_token']}"},
            timeout=20,
        )
        assert made.status_code == 201, made.text
        return {**seeded, "mcp_server_id": made.json()["id"], "mcp_url": made.json()["url"]}

    def query(self, sql: str, *values: object) -> list[Any]:
        """Ask the database of the embedded default."""
        with closing(sqlite3.connect(self.folder / "patchbay.sqlite3")) as database:
            return database.execute(sql, values).fetchall()

    def execute(self, sql: str) -> None:
        """Change the database of the embedded default behind the product's back."""
        with closing(sqlite3.connect(self.folder / "patchbay.sqlite3")) as database, database:
            database.execute(sql)

    def end(self, process: subprocess.Popen[str], by: signal.Signals = signal.SIGTERM) -> int:
        """End a process and its children with a signal; return its exit status once all it printed is read."""
        if process.poll() is None:
            os.killpg(process.pid, by)
        process.wait(30)
        if process.pid in self.readers:
            self.readers.pop(process.pid).join(10)
        if process.stdout is not None:
            process.stdout.close()
        self.processes.remove(process)
        return process.returncode

    def stop(self) -> None:
        """End every process, and remove the folder."""
        for process in list(self.processes):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def prepared_folder() -> Path:
    """Return the folder of an embedded default that is prepared, and that nothing runs on."""
    folder = Path(tempfile.mkdtemp(prefix="prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Stack(folder)._prepare_anew()
    return folder


@contextmanager
def running_stack(folder: Path, **settings: str) -> Iterator[Stack]:
    """Run web process and simulator, which limits nobody, with these settings."""
    stack = Stack(folder, settings={"SIMULATOR_HOURLY_LIMIT": "0", **settings})
    try:
        stack.prepare()
        stack.start_simulator()
        stack.start_web()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web process and simulator of a session, on free ports."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def seeded(stack: Stack) -> dict[str, Any]:
    """The demo's person, account and API token."""
    return stack.demo()
