"""What was so already is told as such: by the moment since when it is so, or by the code of a refusal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Environment
from mcpservers.lifecycle import create_server
from tests.mcp_client import McpClient
from tests.serving import served
from tests.vendors.desk import DESK
from tests.vendors.fixtures import account_at
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call
from tools.record.recorder import recorder

CLOSE, UPDATE = "fuse_desk_chats_close", "update_a_fuse_desk_case_by_id"
REMOVE = "delete_a_desk_ticket_by_id"


async def test_a_chat_that_is_closed_again_is_told_as_closed_already(mcp: McpClient) -> None:
    before = await mcp.value("get_single_fuse_desk_chat_by_id", {"id": "CHT-5542", "detail": "full"})
    assert before["dateClosed"]
    shown = await mcp.value(CLOSE, {"id": "CHT-5542"})
    assert shown["remarks"] == [f"It was closed already, since {before['dateClosed']}; nothing was changed."]
    with_status = await mcp.value(CLOSE, {"id": "CHT-5542", "depid": "DEP-04"})
    assert with_status["remarks"][0].endswith("; only what else was given may have changed.")


async def test_a_chat_that_this_call_closes_is_closed_without_a_remark(mcp: McpClient) -> None:
    active = (await mcp.value("list_all_fuse_desk_chats", {"limit": 1}))["result"][0]
    assert "remarks" not in await mcp.value(CLOSE, {"id": active["id"]})
    # Who closed it a moment ago cannot be known.
    assert "remarks" not in await mcp.value(CLOSE, {"id": active["id"]})


async def test_a_case_is_closed_already_only_where_closing_was_asked_for(mcp: McpClient) -> None:
    case = (await mcp.value("list_all_fuse_desk_cases", {"status": "closed", "limit": 1, "detail": "full"}))["result"][
        0
    ]
    [remark] = (await mcp.value(UPDATE, {"id": case["id"], "status": "closed"}))["remarks"]
    assert remark == f"It was closed already, since {case['date_closed']}; nothing was changed."
    assert "remarks" not in await mcp.value(UPDATE, {"id": case["id"], "summary": "Another"})


def removing(already: str) -> str:
    """Return the small integration with a deletion that tells what was gone already."""
    plain = 'delete: {http: DELETE, path: "/tickets/{id}", access: write}'
    assert plain in DESK
    return DESK.replace(plain, plain.replace("access: write}", f"access: write, already: {already}}}"))


async def client(environment: Environment, scripted: ScriptedVendor, already: str) -> McpClient:
    account = await sync_to_async(account_at)(
        scripted.address, environment, removing(already), name="Desk", key="desk-secret"
    )
    return McpClient((await sync_to_async(create_server)(account, "tests", name="Desk", methods=[], tags=[]))[1])


@pytest.mark.usefixtures("transactional_db", "upstream")
@pytest.mark.parametrize(
    ("already", "is_so"),
    [
        ("{state: deleted, codes: [gone_before]}", True),
        ('{state: deleted, message: "was DELETED before"}', True),
        ("{state: deleted, codes: [other]}", False),
        ("{state: deleted, codes: [gone_before], when: {id: 8}}", False),
    ],
)
async def test_a_refusal_that_says_so_is_a_result(
    environment: Environment, scripted: ScriptedVendor, *, already: str, is_so: bool
) -> None:
    scripted.status, scripted.body = 409, b'{"error": {"code": "gone_before", "text": "It was deleted before."}}'
    desk = await client(environment, scripted, already)
    result = await desk.call(REMOVE, {"id": "7"})
    assert result["isError"] is not is_so
    words = result["content"][0]["text"]
    assert ("It was deleted already: Desk refused the call for that, and nothing was changed." in words) is is_so
    assert ('"changed":false' in words) is is_so
    await sync_to_async(recorder.flush)()
    [row] = await sync_to_async(lambda: list(Call.objects.all()))()
    assert (row.outcome, row.upstream_status) == ("ok" if is_so else "refused", 409)


@pytest.fixture
def dated() -> Iterator[ScriptedVendor]:
    """A scripted vendor whose server adds no date of its own."""
    vendor = ScriptedVendor()
    with served(vendor, date_header=False) as vendor.address:
        yield vendor


@pytest.mark.usefixtures("transactional_db", "upstream")
@pytest.mark.parametrize(
    ("since", "date", "is_so"),
    [
        (timedelta(hours=1), timedelta(0), True),
        (timedelta(seconds=30), timedelta(0), False),
        # The vendor's clock decides, which may be another than ours.
        (timedelta(hours=1), timedelta(hours=1), False),
    ],
)
async def test_the_vendors_own_clock_tells_what_was_before(
    environment: Environment, dated: ScriptedVendor, *, since: timedelta, date: timedelta, is_so: bool
) -> None:
    now = datetime.now(UTC)
    body = f'{{"gone_at": "{(now - since).isoformat()}"}}'.encode()
    headers = {"Date": f"{now - date:%a, %d %b %Y %H:%M:%S} GMT"}
    dated.body, dated.headers = body, headers
    desk = await client(environment, dated, "{state: deleted, since: gone_at}")
    assert ("remarks" in await desk.value(REMOVE, {"id": "7"})) is is_so
