"""The two workflows of the founding article, with the official client in both eras, over real sockets."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mcp import Client

pytestmark = pytest.mark.e2e

MODES = ["auto", "legacy", "2026-07-28"]


async def read(client: Client, tool: str, arguments: dict[str, Any]) -> Any:
    """Call a tool as a model does, and read its text."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    return json.loads(result.content[0].text)  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", MODES)
async def test_triage_from_an_email_address_to_the_history_of_an_open_case(demo: dict[str, Any], mode: str) -> None:
    async with Client(demo["mcp_url"], mode=mode) as client:
        contacts = await read(client, "list_all_fuse_desk_contacts", {"search": "alex@example.com"})
        contact = contacts["result"][0]
        assert contact["emailAddress"] == "alex@example.com"
        cases = await read(client, "list_all_fuse_desk_cases", {"contactid": str(contact["id"]), "status": "open"})
        assert cases["result_count"] == len(cases["result"]) >= 1
        fresh = [
            case
            for case in cases["result"]
            if datetime.fromisoformat(case["date_opened"]) > datetime.now(UTC) - timedelta(hours=48)
        ]
        assert fresh
        case = await read(client, "get_single_fuse_desk_case_by_id", {"id": fresh[0]["id"]})
        assert case["history"]


@pytest.mark.parametrize("mode", MODES)
async def test_follow_up_from_a_chat_transcript_to_the_contacts_address(demo: dict[str, Any], mode: str) -> None:
    async with Client(demo["mcp_url"], mode=mode) as client:
        chat = await read(client, "get_single_fuse_desk_chat_by_id", {"id": "CHT-9099"})
        transcript = json.dumps(chat["messages"])
        assert "engineering" in transcript
        assert "log" in transcript
        contacts = await read(client, "list_all_fuse_desk_contacts", {"search": chat["clientName"]})
        assert "@" in contacts["result"][0]["emailAddress"]


@pytest.mark.parametrize("mode", MODES)
async def test_a_write_is_seen_by_the_next_read(demo: dict[str, Any], mode: str) -> None:
    async with Client(demo["mcp_url"], mode=mode) as client:
        note = f"Looked into by the {mode} client."
        await read(client, "fuse_desk_cases_add_note", {"id": "CAS-89102", "note": note})
        case = await read(client, "get_single_fuse_desk_case_by_id", {"id": "CAS-89102"})
        assert note in json.dumps(case["history"])


@pytest.mark.parametrize("mode", MODES)
async def test_pages_of_cases_follow_one_another_by_the_cursor_alone(demo: dict[str, Any], mode: str) -> None:
    async with Client(demo["mcp_url"], mode=mode) as client:
        seen: list[str] = []
        arguments: dict[str, Any] = {"limit": 90}
        while True:
            page = await read(client, "list_all_fuse_desk_cases", arguments)
            seen += [case["id"] for case in page["result"]]
            if page["next_cursor"] is None:
                break
            arguments["next_cursor"] = page["next_cursor"]
        assert len(seen) == len(set(seen)) >= 200
