"""Sign-in with both official TypeScript clients' own OAuth implementations; a person decides where they ask."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.npm import node_of
from tests.person import Person

pytestmark = pytest.mark.clients

SECONDS = 60


async def walked(folder: Path, package: str, url: str, person: Person) -> dict[str, Any]:
    """Run a client to its end, and decide whenever it asks; return what it saw."""
    program = await asyncio.create_subprocess_exec(
        node_of(folder), "sign_in.mjs", package, url, cwd=folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdin is not None
    assert program.stderr is not None
    last = ""
    while line := (await program.stdout.readline()).decode().strip():
        last = line
        if line.startswith("ask "):
            answer = await person.go(line.removeprefix("ask "))
            program.stdin.write(f"{urlencode(answer)}\n".encode())
            await program.stdin.drain()
    said = (await program.stderr.read()).decode()
    assert await program.wait() == 0, said
    seen: dict[str, Any] = json.loads(last)
    return seen


# The earlier package answers a 403 by a refresh, which grants no more, and gives up: its person connects it again.
@pytest.mark.parametrize(("package", "steps_up"), [("sdk", False), ("client", True)])
async def test_a_typescript_client_registers_reads_and_steps_up(
    npm_clients: Path, seeded: dict[str, Any], package: str, steps_up: bool
) -> None:
    made = httpx.post(
        f"{seeded['dashboard_url']}/integrated-account/{seeded['integrated_account_id']}/mcp",
        json={"name": "For people", "config": {"authentication": "sign_in"}},
        headers={"Authorization": f"Bearer {seeded['api_token']}"},
        timeout=20,
    )
    person = Person(seeded["dashboard_url"], seeded["username"], seeded["password"])
    async with person.browser, asyncio.timeout(SECONDS):
        seen = await walked(npm_clients, package, made.json()["url"], person)
    assert "list_all_fuse_desk_cases" in seen["listed"]
    assert seen["read"]
    assert "write" not in seen["first"].split()
    assert ("write" in seen["last"].split(), seen["asked"]) == ((True, 2) if steps_up else (False, 1))
