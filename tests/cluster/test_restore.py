"""A restore of PostgreSQL by the very commands of the page about operations, over a database that went on meanwhile."""

import base64
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.cluster.services import Postgres, folder_of_postgres, own_postgres
from tests.documentation import DOCS
from tests.releases import PREVIOUS
from tests.stack import ROOT, Stack, free_port

pytestmark = pytest.mark.cluster

SECTION = re.compile(r"### PostgreSQL\n(.*?)\n## ", re.DOTALL)
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
# Compose's `exec` runs a command where the database is, which here is this machine; nothing else has to run.
DOCKER = 'docker() { [ "$4" = exec ] || return 0; shift 6; "$@"; }'
CALLED = "SELECT count(*) FROM tools_call"


def commands() -> dict[str, tuple[str, str]]:
    """Return the page's commands that dump and that restore, on a machine and with Compose."""
    (section,) = SECTION.findall((DOCS / "operations.md").read_text())
    dump, restore, compose, *_ = BLOCK.findall(section)
    compose_dump, compose_restore = compose.split("\n\n")
    return {"machine": (dump, restore), "compose": (compose_dump, compose_restore)}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach."""
    with folder_of_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this module's own, with a role that may do no more than its own database needs."""
    with own_postgres(folder) as postgres:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE patchbay LOGIN")
        yield postgres


@pytest.fixture
def database(server: Postgres) -> Iterator[str]:
    """The address of an empty database."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE patchbay OWNER patchbay")
        yield f"postgresql://patchbay@127.0.0.1:{server.port}/patchbay"
        connection.execute("DROP DATABASE patchbay WITH (FORCE)")


@pytest.fixture
def stacks(tmp_path: Path, database: str) -> Iterator[tuple[Stack, Stack]]:
    """The previous release and this one, on one database; the vendor runs, and nothing else."""
    PREVIOUS.unpack(tmp_path / "previous")
    settings = {
        "DATABASE_URL": database,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEY": secrets.token_urlsafe(50),
        "CREDENTIAL_KEYS": f"k1:{base64.urlsafe_b64encode(os.urandom(32)).decode()}",
        "SIMULATOR_HOURLY_LIMIT": "0",
    }
    port = free_port()
    made = [
        Stack(tmp_path / name, root=root, simulator_port=port, settings=settings)
        for name, root in (("old", tmp_path / "previous"), ("new", ROOT))
    ]
    for stack in made:
        stack.folder.mkdir()
    made[1].start_simulator()
    yield made[0], made[1]
    for stack in made:
        stack.stop()


def run(script: str, folder: Path, database: str) -> None:
    """Run commands of the page in a folder; its dump is the only file there."""
    for dump in folder.glob("*.dump"):
        script = script.replace("patchbay-….dump", dump.name)
    place = {"PGHOST": "127.0.0.1", "PGPORT": str(httpx.URL(database).port), "DATABASE_URL": database}
    done = subprocess.run(
        ["sh", "-c", f"set -eu\n{DOCKER}\n{script}"],
        cwd=folder,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def ask(database: str, statement: str) -> Any:
    with psycopg.connect(database, autocommit=True) as connection:
        (value,) = connection.execute(statement).fetchone()  # type: ignore[misc]
        return value


def call(url: str, *, times: int = 1) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "fuse_desk_cases_add_note", "arguments": {"id": "CAS-89102", "note": "kept"}},
    }
    for _ in range(times):
        answer = httpx.post(url, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        assert not answer.json()["result"].get("isError"), answer.text


@pytest.mark.parametrize("place", ["machine", "compose"])
def test_a_backup_is_restored_over_what_came_after_it_as_often_as_one_likes(
    stacks: tuple[Stack, Stack], database: str, tmp_path: Path, place: str
) -> None:
    dump, restore = commands()[place]
    stack = stacks[1]
    stack.prepare()
    seeded = stack.demo()
    for generation in ("first", "second"):
        stack.start_web()
        call(seeded["mcp_url"], times=2)
        stack.end(stack.processes[-1])
        backups = tmp_path / generation
        backups.mkdir()
        recorded = ask(database, CALLED)
        run(dump, backups, database)
        stack.start_web()
        call(seeded["mcp_url"])
        stack.end(stack.processes[-1])
        run(restore, backups, database)
        assert ask(database, CALLED) == recorded
    assert ask(database, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'tools_call'::regclass") > 1
    stack.manage("migrate", "--check")
    stack.start_web()
    call(seeded["mcp_url"])


def test_a_backup_of_the_previous_release_is_restored_over_an_upgraded_database_and_upgraded_again(
    stacks: tuple[Stack, Stack], database: str, tmp_path: Path
) -> None:
    old, new = stacks
    old.prepare()
    seeded = old.demo()
    dump, restore = commands()["machine"]
    backups = tmp_path / "backups"
    backups.mkdir()
    run(dump, backups, database)
    new.prepare()
    run(restore, backups, database)
    new.prepare()
    new.start_web()
    # The address of the server as it was given out before the backup.
    call(seeded["mcp_url"].replace(f":{old.port}/", f":{new.port}/"))
    assert ask(database, CALLED) == 1
