"""PostgreSQL, Redis and nginx of a test's own, from the machine's packages, each on a free port."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.stack import ROOT, free_port

TEMPLATES = ROOT / "deploy" / "nginx"
START_SECONDS = 20.0
PREPARED = "prepared"
# What is asked are other processes: ports, pages, rows. They tell nobody when they change, and have their own clocks.
POLL_SECONDS = 0.01


def wait_for(happened: Callable[[], bool], seconds: float, what: str) -> float:
    """Ask again and again until it happened; return the seconds it took."""
    began = time.monotonic()
    while not happened():
        waited = time.monotonic() - began
        assert waited < seconds, f"{what}: not within {seconds} s"
        time.sleep(POLL_SECONDS)  # what is waited for happens in other processes, which signal nothing
    return time.monotonic() - began


def listens(port: int) -> bool:
    """Tell whether something takes connections at a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def postgres_binary(name: str) -> str | None:
    """Return the path of a program of PostgreSQL; Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def missing() -> list[str]:
    """Name what the machine lacks."""
    found = {
        "PostgreSQL (postgresql)": postgres_binary("initdb") and postgres_binary("pg_ctl"),
        "Redis (redis-server)": shutil.which("redis-server"),
        "nginx (nginx-light)": shutil.which("nginx"),
    }
    return [name for name, path in found.items() if not path]


def require_services() -> None:
    """Skip the test if the machine lacks what these tests start, or fail it where they are required."""
    if not (lacking := missing()):
        return
    words = f"Missing: {', '.join(lacking)}. Install the Debian packages in brackets, or the same elsewhere."
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(words)
    # `make cluster-test` requires them; a run of everything by hand goes on without.
    pytest.skip(f"{words} (REQUIRE_SERVICES=1 makes this a failure.)")


@contextmanager
def folder_of_postgres() -> Iterator[Path]:
    """Make a folder that PostgreSQL's own user can reach, and remove it afterwards."""
    made = Path(tempfile.mkdtemp(prefix="patchbay-postgres-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def own_by_postgres(folder: Path) -> None:
    """Give a folder to PostgreSQL, which refuses to run as root."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


@dataclass
class Postgres:
    """A database server that forgets everything when the folder goes."""

    folder: Path
    port: int = field(default_factory=free_port)
    runs: bool = False

    @property
    def url(self) -> str:
        """Where the product's database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def url_of(self, database: str) -> str:
        """Return where another database is."""
        return f"{self.url.rpartition('/')[0]}/{database}"

    def execute(self, *statements: str) -> None:
        """Run statements as they stand, beside every database that a test uses."""
        with psycopg.connect(self.url_of("template1"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def keep_copy(self) -> None:
        """Keep the database as it is now, while nobody uses it, for `new_copy`."""
        self.execute(f"CREATE DATABASE {PREPARED} TEMPLATE postgres")

    def new_copy(self, name: str, folder: Path | None = None) -> str:
        """Make a database out of what was kept, if need be with its files in another folder; return its URL."""
        place = ""
        if folder is not None:
            own_by_postgres(folder)
            self.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
            place = f"TABLESPACE {name}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {PREPARED} {place}")
        return self.url_of(name)

    def drop_copy(self, name: str) -> None:
        """Drop such a database, and its place."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"DROP TABLESPACE IF EXISTS {name}")

    def _run(self, *command: str) -> None:
        # PostgreSQL refuses to run as root.
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        # Into a file: the server inherits the output, and a pipe would stay open as long as it lives.
        with (self.folder.parent / "postgres.out").open("ab") as output:
            subprocess.run([*prefix, *command], cwd="/", check=True, stdout=output, stderr=output)

    def create(self) -> None:
        """Make an empty cluster, and start it."""
        self.folder.mkdir()
        own_by_postgres(self.folder)
        initdb = str(postgres_binary("initdb"))
        self._run(initdb, "-D", str(self.folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start unless it runs, and return once connections are taken."""
        if self.runs:
            return
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        self._control("start", "-o", options, "-l", str(self.folder / "log"))
        self.runs = True

    def stop(self, mode: str = "fast") -> None:
        """Stop; `fast` ends sessions and rolls back, `immediate` is a crash."""
        if self.runs:
            self._control("stop", "-m", mode)
            self.runs = False

    def _control(self, action: str, *options: str) -> None:
        self._run(str(postgres_binary("pg_ctl")), action, "-D", str(self.folder), "-w", *options)


@dataclass
class Redis:
    """A Redis that keeps nothing over a restart."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What REDIS_URL takes."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start unless it runs, and return once connections are taken."""
        if self.process is not None:
            return
        self.folder.mkdir(exist_ok=True)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self.folder / "redis.out").open("ab") as output:
            self.process = subprocess.Popen(
                ["redis-server", *options, "--dir", str(self.folder)], stdout=output, stderr=output
            )
        wait_for(lambda: listens(self.port), START_SECONDS, "Redis")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it answer nothing: the kernel still takes what is sent to it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self, by: signal.Signals = signal.SIGKILL) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(by)
            self.process.wait(10)
            self.process = None


@dataclass
class Nginx:
    """The proxy of `deploy/nginx/`, as it stands there but for TLS, ports and paths."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self, replicas: list[int]) -> None:
        """Start in front of the replicas at these ports."""
        self.folder.mkdir()
        site = self._without_tls((TEMPLATES / "patchbay.conf").read_text())
        where = (TEMPLATES / "machine.conf").read_text()
        pattern = r"server 127\.0\.0\.1:8000(.*);"
        where, found = re.subn(
            pattern, lambda line: "\n    ".join(f"server 127.0.0.1:{port}{line[1]};" for port in replicas), where
        )
        assert found == 1, "deploy/nginx/machine.conf names its replica otherwise than this test thinks"
        # One process: which replica's turn it is, is then told from the outside.
        config = f"""
            daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log warn;
            {"user root;" if os.geteuid() == 0 else ""}
            events {{ worker_connections 1024; }}
            http {{
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                {where}
                {site}
            }}
        """
        (self.folder / "nginx.conf").write_text(config)
        with (self.folder / "nginx.out").open("ab") as output:
            self.process = subprocess.Popen(
                ["nginx", "-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")],
                stdout=output,
                stderr=output,
            )
        wait_for(lambda: listens(self.port), START_SECONDS, "nginx")

    def _without_tls(self, site: str) -> str:
        """Return the template with its TLS taken away, and its ports and paths put where nobody else's are."""
        kept = [line for line in site.splitlines() if not re.match(r"\s*(ssl_|listen \[::\]|http2)", line)]
        plain = re.sub(r"listen 80\b[^;]*;", f"listen 127.0.0.1:{free_port()};", "\n".join(kept))
        plain = re.sub(r"listen 443\b[^;]*;", f"listen 127.0.0.1:{self.port};", plain)
        return plain.replace("/var/log/nginx", str(self.folder))

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@contextmanager
def own_postgres(folder: Path) -> Iterator[Postgres]:
    """Run a PostgreSQL with its files in a folder."""
    require_services()
    postgres = Postgres(folder / "postgres")
    postgres.create()
    yield postgres
    postgres.stop("immediate")
