"""Tools of an imported description, called through MCP: what was guessed of a vendor reaches it as it documents."""

from typing import Any

import orjson
import pytest

from accounts.models import Environment
from tests.mcp_client import McpClient
from tests.tools.openapi.documents import DESK_30
from tests.vendors.application import Answer, Request
from tests.vendors.imported import served
from tests.vendors.scripted import ScriptedVendor
from tools.openapi.importing import prepare


@pytest.fixture
def acme(
    transactional_db: None,
    environment: Environment,
    scripted: ScriptedVendor,
    upstream: None,
) -> McpClient:
    """A client of a server with every tool of the imported helpdesk."""
    fields = {"subdomain": "demo", "api_key": "acme-secret"}
    return served(environment, scripted.address, prepare(DESK_30, name="acme"), fields=fields)


def two_pages(request: Request) -> Answer:
    """Answer as the description says: two tickets, and on the first page the cursor of the second."""
    first = "cursor" not in dict(request.parameters)
    rows = [{"id": 1, "subject": "One"}] if first else [{"id": 2, "subject": None}]
    return Answer(200, {"tickets": rows, "meta": {"next_cursor": "c2" if first else None, "has_more": first}})


async def test_a_list_is_found_in_its_envelope_and_paged_by_its_cursor(
    acme: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.answer = two_pages
    arguments: dict[str, Any] = {"status": "open", "labels": ["a", "b"], "window": {"after": "x"}, "filter_queue": 3}
    first = await acme.value("list_all_acme_tickets", {**arguments, "X-Request-Tag": "t"})
    assert [row["id"] for row in first["result"]] == [1]
    assert scripted.last.parameters == [
        ("status", "open"), ("filter[queue]", "3"), ("labels", "a,b"), ("window[after]", "x"), ("limit", "20"),
    ]  # fmt: skip
    assert scripted.last.header("x-key") == ["acme-secret"]
    assert scripted.last.header("x-request-tag") == ["t"]
    again = {**arguments, "X-Request-Tag": "t", "next_cursor": first["next_cursor"]}
    second = await acme.value("list_all_acme_tickets", again)
    assert ([row["id"] for row in second["result"]], second["next_cursor"]) == ([2], None)
    assert ("cursor", "c2") in scripted.last.parameters


async def test_bodies_go_as_the_description_says(acme: McpClient, scripted: ScriptedVendor) -> None:
    await acme.value("update_a_acme_ticket_by_id", {"ticket_id": "7", "subject": "New"})
    assert (scripted.last.method, scripted.last.path) == ("PATCH", "/v2/tickets/7")
    assert scripted.last.header("content-type") == ["application/merge-patch+json"]
    assert orjson.loads(scripted.last.body) == {"ticket": {"subject": "New"}}
    await acme.value("update_a_acme_label_by_id", {"current_name": "old", "name": "new"})
    assert (scripted.last.path, orjson.loads(scripted.last.body)) == ("/v2/labels/old", {"name": "new"})
    await acme.value("acme_notes_replace", {"body": ["a", "b"]})
    assert orjson.loads(scripted.last.body) == ["a", "b"]
