"""A rolling upgrade: processes of the previous release and of this one share a database, and go on."""

import base64
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.cluster.services import Postgres, folder_of_postgres, own_postgres, wait_for
from tests.releases import PREVIOUS
from tests.stack import Stack, free_port

pytestmark = pytest.mark.cluster

LIST_CASES = "list_all_fuse_desk_cases"
COUNT_CASES = "count_fuse_desk_cases"
ADD_NOTE = "fuse_desk_cases_add_note"
CASE = "CAS-89102"
AGE = "UPDATE tools_call SET started_at = started_at - interval '90 days' WHERE server_id = %s"
PRUNE = "from tools.tasks import prune_calls; print('pruned', prune_calls())"


@dataclass
class Replica:
    """A web process of one release, asked as its users ask it."""

    stack: Stack
    api_token: str
    account_id: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.stack.port}"

    def rest(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.api_token}"}
        answer = httpx.request(method, self.url + path, headers=headers, timeout=30, **options)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    @property
    def servers(self) -> str:
        return f"/integrated-account/{self.account_id}/mcp"

    def create(self, name: str) -> dict[str, Any]:
        made: dict[str, Any] = self.rest("POST", self.servers, json={"name": name})
        return made

    def rename(self, server: dict[str, Any], name: str) -> None:
        self.rest("PATCH", f"{self.servers}/{server['id']}", json={"name": name})

    def names(self) -> set[str]:
        return {server["name"] for server in self.rest("GET", self.servers)["result"]}

    def call(self, server: dict[str, Any], tool: str, **arguments: Any) -> dict[str, Any]:
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments},
        }
        answer = httpx.post(f"{self.url}/mcp/{server['token']}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["result"]
        return result

    def works_on(self, server: dict[str, Any]) -> None:
        """Read and write through a server, and rename it."""
        assert not self.call(server, LIST_CASES, limit=1).get("isError")
        assert not self.call(server, ADD_NOTE, id=CASE, note=f"through {server['name']}").get("isError")
        name = f"{server['name']}, edited"
        self.rename(server, name)
        assert name in self.names()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach."""
    with folder_of_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this module's own."""
    with own_postgres(folder) as postgres:
        yield postgres


@pytest.fixture(scope="module")
def previous_tree(folder: Path) -> Path:
    """The files of the previous release."""
    tree = folder / "previous"
    PREVIOUS.unpack(tree)
    return tree


@pytest.fixture(scope="module")
def shared(database: Postgres) -> dict[str, str]:
    """The settings that both releases have."""
    return {
        "DATABASE_URL": database.url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEY": secrets.token_urlsafe(50),
        "CREDENTIAL_KEYS": f"k1:{base64.urlsafe_b64encode(os.urandom(32)).decode()}",
        "SIMULATOR_HOURLY_LIMIT": "0",
    }


@pytest.fixture(scope="module")
def stacks(folder: Path, previous_tree: Path, shared: dict[str, str]) -> Iterator[tuple[Stack, Stack]]:
    """The previous release and this one, with one vendor; neither has been started."""
    simulator_port = free_port()
    old = Stack(folder / "old", root=previous_tree, simulator_port=simulator_port, settings=shared)
    new = Stack(folder / "new", simulator_port=simulator_port, settings=shared)
    for stack in (old, new):
        stack.folder.mkdir()
    yield old, new
    for stack in (old, new):
        stack.stop()


@pytest.fixture(scope="module")
def releases(stacks: tuple[Stack, Stack]) -> tuple[Replica, Replica]:
    """A web process of each release, on the schema of this one, which came while the previous one was running.

    The bundles are those of the previous release: this one's are loaded when nothing else is left.
    """
    old, new = stacks
    old.prepare()
    new.start_simulator()
    old.start_web()
    seeded = old.demo()
    account, token = seeded["integrated_account_id"], seeded["api_token"]
    new.manage("migrate", "-v0")
    new.start_web()
    return Replica(old, token, account), Replica(new, token, account)


@pytest.mark.parametrize("maker", [0, 1], ids=["previous", "current"])
def test_what_either_release_makes_the_other_one_reads_calls_and_edits(
    releases: tuple[Replica, Replica], maker: int
) -> None:
    maker_of, other = releases[maker], releases[1 - maker]
    server = maker_of.create(f"Made by {maker}")
    maker_of.works_on(server)
    assert f"{server['name']}, edited" in other.names()
    other.works_on(server)
    other.rest("DELETE", f"{other.servers}/{server['id']}")
    assert server["name"] not in maker_of.names()


def test_calls_of_both_releases_are_in_the_record_of_both(releases: tuple[Replica, Replica]) -> None:
    server = releases[0].create("Recorded")
    for release in releases:
        assert not release.call(server, ADD_NOTE, id=CASE, note="recorded").get("isError")
    for release in releases:
        # The end of a call is written by a thread of the process that made it.
        wait_for(partial(has_recorded, release, server, ["ok", "ok"]), 10, "the end of both calls in the record")


def has_recorded(release: Replica, server: dict[str, Any], outcomes: list[str]) -> bool:
    calls = release.rest("GET", f"/call?server={server['id']}")["result"]
    return [call["outcome"] for call in calls if call["tool"] == ADD_NOTE] == outcomes


def test_either_release_prunes_what_both_recorded(releases: tuple[Replica, Replica], database: Postgres) -> None:
    """The previous one knows nothing of the months of the record."""
    with psycopg.connect(database.url, autocommit=True) as record:
        assert record.execute("SELECT relkind FROM pg_class WHERE relname = 'tools_call'").fetchone() == ("p",)
        for release in releases:
            server = release.create(f"Pruned by {release.stack.folder.name}")
            for each in releases:
                assert not each.call(server, ADD_NOTE, id=CASE, note="old").get("isError")
            wait_for(partial(has_recorded, release, server, ["ok", "ok"]), 10, "the end of both calls in the record")
            aged = record.execute(AGE, [server["id"]])
            assert aged.rowcount == 2
            assert "pruned 2" in release.stack.manage("shell", "-v0", "-c", PRUNE)
            assert has_recorded(release, server, [])


def test_the_bundles_of_this_release_are_loaded_last_and_those_of_the_previous_one_on_the_way_back(
    releases: tuple[Replica, Replica],
) -> None:
    """The previous release cannot read the new ones, so that nothing of it is left when they are loaded."""
    old, new = releases
    server = new.create("On new bundles")
    before = tools_of(old, server)
    new.stack.manage("load_integration", "-v0")
    wait_for(lambda: COUNT_CASES in tools_of(new, server), 10, "the tools of the new bundle")
    assert before < tools_of(new, server)
    new.works_on(server)
    old.stack.manage("load_integration", "--overwrite", "-v0")
    wait_for(lambda: tools_of(old, server) == before, 10, "the tools of the previous bundle")
    old.works_on(server)


def tools_of(release: Replica, server: dict[str, Any]) -> set[str]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx.post(f"{release.url}/mcp/{server['token']}", json=body, timeout=30)
    return {tool["name"] for tool in answer.json()["result"]["tools"]}
