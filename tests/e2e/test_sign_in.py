"""Sign-in with the official client's own OAuth implementation, against the running product."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.official_client import OfficialClient
from tests.person import Person

pytestmark = pytest.mark.e2e

READ = "list_all_fuse_desk_cases"


@pytest.fixture
def server(demo: dict[str, Any]) -> str:
    """The address of a server that asks for sign-in."""
    made = httpx.post(
        f"{demo['dashboard_url']}/integrated-account/{demo['integrated_account_id']}/mcp",
        json={"name": "For people", "config": {"authentication": "sign_in"}},
        headers={"Authorization": f"Bearer {demo['api_token']}"},
        timeout=20,
    )
    assert made.status_code == 201, made.text
    return str(made.json()["url"])


@pytest_asyncio.fixture
async def person(demo: dict[str, Any]) -> AsyncIterator[Person]:
    found = Person(demo["dashboard_url"], demo["username"], demo["password"])
    async with found.browser:
        yield found


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_person_allows_the_official_client_which_then_lists_and_calls(
    server: str, person: Person, mode: str
) -> None:
    official = OfficialClient(server, person, mode=mode)
    async with official.connected() as client:
        listed = await client.list_tools()
        assert READ in {tool.name for tool in listed.tools}
        result = await client.call_tool(READ, {"limit": 1})
    assert not result.is_error
    assert len(official.asked) == 1
    assert "Official client" in person.pages[1]
