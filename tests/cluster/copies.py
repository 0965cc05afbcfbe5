"""The product scaled out: three web processes, a worker and a beat that share PostgreSQL and Redis, behind nginx."""

import base64
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.cluster.services import Nginx, Postgres, Redis, wait_for
from tests.stack import Stack

REPLICAS = 3
CASE = "CAS-89102"


@dataclass(frozen=True)
class Desk:
    """One account: its vendor (a simulator of its own, with a key of its own), its server, the token of its caller."""

    name: str
    simulator: str
    key: str
    account_id: str
    server_id: str
    token: str
    api_token: str

    def notes(self) -> list[str]:
        """Return the text of every note that the vendor holds on the case, asked of the vendor itself."""
        answer = httpx.get(
            f"{self.simulator}/api/v1/cases/{CASE}", headers={"X-FuseDesk-API-Key": self.key}, timeout=20
        )
        return [entry for entry in _texts(answer.raise_for_status().json()) if entry.startswith("note ")]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in _texts(child)]


@dataclass
class Cluster:
    """Everything, on the loopback. `figures` holds what the tests measured, for the summary."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="patchbay-cluster-")))
    figures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.chmod(0o711)
        self.metrics_token = secrets.token_urlsafe(30)
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.nginx = Nginx(self.folder / "nginx")
        self.url = f"http://127.0.0.1:{self.nginx.port}"
        self.vendors = [Stack(self.folder / "vendor", settings={"SIMULATOR_HOURLY_LIMIT": "0"}) for _ in range(2)]
        for number, vendor in enumerate(self.vendors):
            vendor.settings["SIMULATOR_API_KEY"] = f"fd-key-of-desk-{number}"
        shared = {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "PUBLIC_URL": self.url,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "TOKEN_KEY": secrets.token_urlsafe(50),
            "CREDENTIAL_KEYS": f"k1:{base64.urlsafe_b64encode(os.urandom(32)).decode()}",
            "UPSTREAM_PRIVATE_HOSTS": ",".join(f"127.0.0.1:{vendor.simulator_port}" for vendor in self.vendors),
            "PURGE_INTERVAL_SECONDS": "1",
            "ACCESS_LOG": "1",
            "METRICS_TOKEN": self.metrics_token,
            "FORWARDED_ALLOW_IPS": "127.0.0.1",
        }
        self.replicas = [Stack(self.folder / f"web-{number}", settings=shared) for number in range(REPLICAS)]
        self.background = Stack(self.folder / "background", settings=shared)
        self.web: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        """Start everything, and connect two accounts."""
        self.postgres.create()
        self.redis.start()
        self.background.folder.mkdir()
        self.background.prepare()
        self.postgres.keep_copy()
        for vendor in self.vendors:
            vendor.start_simulator()
        self.web = [self._serve(replica) for replica in self.replicas]
        self.nginx.start([replica.port for replica in self.replicas])
        self.worker = self.start_worker()
        self.beat = self.start_beat("beat")
        self.desks = [self._connect(number) for number in range(2)]

    def _serve(self, replica: Stack) -> subprocess.Popen[str]:
        replica.start_web()
        return replica.processes[-1]

    def end_replica(self, number: int, by: signal.Signals = signal.SIGTERM) -> int:
        """End a replica with a signal; return its exit status."""
        return self.replicas[number].end(self.web[number], by)

    def start_replica(self, number: int) -> None:
        """Start a replica that was ended."""
        self.web[number] = self._serve(self.replicas[number])

    def start_worker(self) -> subprocess.Popen[str]:
        """Start a worker without a beat."""
        options = ("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle")
        return self._celery("worker", *options, until="celery@")

    def start_beat(self, name: str) -> subprocess.Popen[str]:
        """Start a beat."""
        return self._celery("beat", "--schedule", str(self.background.folder / name), until="beat: Starting")

    def _celery(self, *arguments: str, until: str) -> subprocess.Popen[str]:
        return self.background.start("-m", "config.background", *arguments, "--loglevel", "INFO", until=until)

    def _connect(self, number: int) -> Desk:
        """Connect an account to a vendor of its own, which knows one department that the other does not."""
        vendor, key, name = self.vendors[number], f"fd-key-of-desk-{number}", f"Desk {number}"
        simulator = f"http://127.0.0.1:{vendor.simulator_port}"
        httpx.post(
            f"{simulator}/api/v2/departments",
            data={"name": f"Only at {name}"},
            headers={"X-FuseDesk-API-Key": key},
        ).raise_for_status()
        if number == 0:
            self._seeded = self.background.demo()
        api_token = self._seeded["api_token"]
        body = {
            "integration": "fuse_desk",
            "name": name,
            "connection": {"app_name": f"desk{number}", "api_key": key},
            "base_url": f"{simulator}/api",
        }
        account = self.rest(api_token, "POST", "/integrated-account", json=body)
        server = self.rest(api_token, "POST", f"/integrated-account/{account['id']}/mcp", json={"name": name})
        return Desk(name, simulator, key, account["id"], server["id"], server["token"], api_token)

    def rest(self, token: str, method: str, path: str, replica: int | None = None, **options: Any) -> Any:
        """Ask the REST API, through nginx or one replica; return what it answered."""
        base = self.url if replica is None else self.at(replica)
        answer = httpx.request(method, base + path, headers={"Authorization": f"Bearer {token}"}, timeout=30, **options)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def new_server(self, desk: Desk, **settings: Any) -> dict[str, Any]:
        """Make one more server of an account."""
        path = f"/integrated-account/{desk.account_id}/mcp"
        made: dict[str, Any] = self.rest(desk.api_token, "POST", path, json={"name": "More", **settings})
        return made

    def at(self, replica: int) -> str:
        """Return the address of one replica."""
        return f"http://127.0.0.1:{self.replicas[replica].port}"

    def mcp(self, token: str, replica: int | None = None) -> str:
        """Return the address of an MCP server, through nginx or one replica."""
        return f"{self.url if replica is None else self.at(replica)}/mcp/{token}"

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.postgres.url) as connection:
            return connection.execute(sql, values).fetchall()

    def figure(self, name: str, replica: int) -> float:
        """Return a figure of one replica, as a collector reads it."""
        headers = {"Authorization": f"Bearer {self.metrics_token}"}
        answer = httpx.get(f"{self.at(replica)}/metrics", headers=headers, timeout=10).raise_for_status()
        return next(float(line.split()[1]) for line in answer.text.splitlines() if line.startswith(f"{name} "))

    def ready(self, replica: int) -> bool:
        """Tell whether a replica answers a call that needs database and vendor."""
        try:
            answer = httpx.get(f"{self.at(replica)}/readyz", timeout=5)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def mend(self) -> None:
        """Start again what is down, and wait until every replica can serve."""
        self.redis.start()
        self.postgres.start()
        if self.worker.poll() is not None:
            self.worker = self.start_worker()
        if self.beat.poll() is not None:
            self.beat = self.start_beat("beat")
        for number, process in enumerate(self.web):
            if process.poll() is not None:
                self.start_replica(number)
        for number in range(REPLICAS):
            wait_for(partial(self.ready, number), 20, f"replica {number}")

    def stop(self) -> None:
        """End everything, and remove the folder."""
        self.nginx.stop()
        for stack in (*self.replicas, self.background, *self.vendors):
            for process in list(stack.processes):
                stack.end(process, signal.SIGKILL)
        self.redis.stop()
        self.postgres.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
