"""Cursors: opaque, bound to account, tool and filters; passing them back walks every item exactly once."""

import base64
import random
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
from asgiref.sync import sync_to_async
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests.mcp_client import McpClient
from tests.tools.pages import ids, walk
from tests.vendors.application import Answer, Request
from tests.vendors.scripted import ScriptedVendor
from tools.calling.cursors import MAX_CHARACTERS, CursorRefused, binding, fits, seal, unseal
from tools.pagination import Position

CASES = "list_all_fuse_desk_cases"
CHATS = "list_all_fuse_desk_chats"
ACCOUNT = UUID(int=1)


@pytest.mark.parametrize("limit", [7, 25, 60])
async def test_a_walk_gives_every_case_exactly_once(mcp: McpClient, vendor: httpx.Client, limit: int) -> None:
    pages = await walk(mcp, CASES, limit=limit)
    found = ids(pages)
    assert len(found) == len(set(found)) >= 200
    assert {page["result_count"] for page in pages[:-1]} == {limit}
    assert vendor.get("/_control").json()["requests"] == len(pages)


async def test_a_walk_under_a_filter_gives_what_the_filter_lets_pass(mcp: McpClient, vendor: httpx.Client) -> None:
    everything = [item for page in await walk(mcp, CASES, limit=100) for item in page["result"]]
    wanted = [item["id"] for item in everything if item["status"] == "closed"]
    assert ids(await walk(mcp, CASES, limit=9, status="closed")) == wanted


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_list_that_the_vendor_gives_whole_is_paged_here(
    mcp: McpClient, vendor: httpx.Client, limit: int
) -> None:
    everything = ids([await mcp.value(CHATS, {"limit": 100})])
    assert len(everything) > 3
    assert ids(await walk(mcp, CHATS, limit=limit)) == everything


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20])
async def test_a_walk_ends_whether_or_not_the_last_page_is_full(
    desk: McpClient, scripted: ScriptedVendor, total: int
) -> None:
    def rows(request: Request) -> Answer:
        asked = dict(request.parameters)
        start, size = int(asked["start"]), int(asked["size"])
        return Answer(200, {"data": [{"id": each} for each in range(total)][start : start + size]})

    scripted.answer = rows
    pages = await walk(desk, "list_all_desk_tickets")
    assert [item["id"] for page in pages for item in page["result"]] == list(range(total))
    assert pages[-1]["next_cursor"] is None


async def test_a_vendor_that_sends_more_than_was_asked_for_loses_nothing(
    desk: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.answer = lambda request: Answer(200, {"data": list(range(35))[int(request.one("start")) :]})
    pages = await walk(desk, "list_all_desk_tickets")
    assert [item for page in pages for item in page["result"]] == list(range(35))


async def test_another_limit_may_come_with_a_cursor(mcp: McpClient) -> None:
    first = await mcp.value(CASES, {"limit": 5})
    second = await mcp.value(CASES, {"limit": 50, "next_cursor": first["next_cursor"]})
    assert ids([first, second]) == ids([await mcp.value(CASES, {"limit": 55})])


async def test_the_same_filters_written_otherwise_are_the_same(mcp: McpClient) -> None:
    first = await mcp.value(CASES, {"depid": 1, "status": None, "limit": 2})
    second = await mcp.value(CASES, {"limit": 2, "depid": "1", "next_cursor": first["next_cursor"]})
    assert ids([first, second]) == ids([await mcp.value(CASES, {"depid": 1, "limit": 4})])


async def test_a_position_beyond_the_end_is_an_empty_last_page(
    mcp: McpClient, vendor: httpx.Client, server: tuple[MCPServer, str]
) -> None:
    bound_to = binding(server[0].account_id, CASES, {}, "offset")
    page = await mcp.value(CASES, {"next_cursor": seal(Position(25, 100_000), bound_to)})
    assert page == {"result": [], "next_cursor": None, "result_count": 0}


async def test_a_cursor_goes_with_its_own_tool_and_filters_alone(mcp: McpClient, vendor: httpx.Client) -> None:
    cursor = (await mcp.value(CASES, {"status": "open", "limit": 2}))["next_cursor"]
    before = vendor.get("/_control").json()["requests"]
    for tool, arguments in [
        (CASES, {}), (CASES, {"status": "closed"}), (CASES, {"status": "open", "depid": "1"}), (CHATS, {}),
        ("list_all_fuse_desk_emails", {}),
    ]:  # fmt: skip
        words = await mcp.failure(tool, {**arguments, "next_cursor": cursor})
        assert "belongs to a call of another tool or with other filters" in words
        assert "leave next_cursor out" in words
    assert vendor.get("/_control").json()["requests"] == before


async def test_a_cursor_goes_with_its_own_account_alone(
    mcp: McpClient, account: IntegratedAccount, simulator: str
) -> None:
    def another() -> str:
        fields = {"app_name": "other", "api_key": "fd-demo-key"}
        other = connect_account(
            account.environment, account.integration, "tests", name="Other", fields=fields, base_url=f"{simulator}/api",
            verify=False,
        )  # fmt: skip
        return create_server(other, "tests", name="Other", methods=[], tags=[])[1]

    cursor = (await mcp.value(CASES))["next_cursor"]
    other = McpClient(await sync_to_async(another)())
    assert "another tool or with other filters" in await other.failure(CASES, {"next_cursor": cursor})


@pytest.mark.parametrize(
    "change",
    [
        lambda cursor: cursor[:-1],
        lambda cursor: cursor[:-4],
        lambda cursor: cursor + "AAAA",
        lambda cursor: "A" + cursor[1:] if cursor[0] != "A" else "B" + cursor[1:],
        lambda cursor: cursor.swapcase(),
        lambda cursor: cursor[::-1],
        lambda cursor: f" {cursor}",
        lambda cursor: "é" * 40,
        lambda cursor: "25",
        lambda cursor: "x" * 10_000,
    ],
)
async def test_a_changed_cursor_is_refused_with_what_to_do(
    mcp: McpClient, vendor: httpx.Client, change: Callable[[str], str]
) -> None:
    cursor = (await mcp.value(CASES))["next_cursor"]
    words = await mcp.failure(CASES, {"next_cursor": change(cursor)})
    assert "not one that this server gave out" in words
    assert "leave it out to start from the first page" in words
    assert vendor.get("/_control").json()["requests"] == 1


STATES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=900),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=4,
)


@given(st.builds(Position, STATES, st.integers(0, 2**48)))
def test_a_cursor_brings_back_its_position(position: Position) -> None:
    bound_to = binding(ACCOUNT, "a", {"b": [1, {"c": "é"}], "limit": 3}, "cursor")
    assert unseal(seal(position, bound_to), bound_to) == position


@given(st.integers(0, 3000), st.integers(0, 10**9), st.integers(0, 2**40), st.sampled_from([1, 16, 90]))
def test_no_position_that_fits_makes_a_cursor_longer_than_clients_keep(
    length: int, seed: int, skip: int, letters: int
) -> None:
    text = "".join(chr(33 + number % letters) for number in random.Random(seed).randbytes(length))
    bound_to = binding(ACCOUNT, "a", {}, "link")
    assert not fits(Position([text, 0])) or len(seal(Position([text, 1000], skip), bound_to)) <= MAX_CHARACTERS


def test_what_is_too_long_does_not_fit_however_well_it_compresses() -> None:
    assert fits(Position(["x" * 15_000, 0]))
    assert not fits(Position(["x" * 17_000, 0]))
    assert not fits(Position([random.Random(1).randbytes(1500).hex(), 0]))


@given(st.integers(0, 239), st.integers(1, 255))
def test_no_byte_of_a_cursor_can_be_changed(place: int, flip: int) -> None:
    bound_to = binding(ACCOUNT, "a", {}, "offset")
    raw = bytearray(base64.urlsafe_b64decode(seal(Position("x" * 300, 50), bound_to)))
    raw[place % len(raw)] ^= flip
    with pytest.raises(CursorRefused):
        unseal(base64.urlsafe_b64encode(raw).decode(), bound_to)


@given(st.text())
def test_no_other_text_is_a_cursor(text: str) -> None:
    with pytest.raises(CursorRefused, match="not one that this server gave out"):
        unseal(text, binding(ACCOUNT, "a", {}, "offset"))


@pytest.mark.parametrize(
    "other",
    [
        binding(uuid4(), "a", {"b": 1}, "offset"),
        binding(ACCOUNT, "c", {"b": 1}, "offset"),
        binding(ACCOUNT, "a", {"b": 2}, "offset"),
        binding(ACCOUNT, "a", {"b": "1"}, "offset"),
        binding(ACCOUNT, "a", {}, "offset"),
        binding(ACCOUNT, "a", {"b": 1}, "page"),
    ],
    ids=["account", "tool", "value", "type of a value", "no filter", "kind of paging"],
)
def test_what_differs_binds_differently(other: bytes) -> None:
    assert other != binding(ACCOUNT, "a", {"b": 1, "limit": 5, "next_cursor": "x"}, "offset")


def test_the_order_of_arguments_and_the_paging_ones_do_not_count() -> None:
    bound_to = binding(ACCOUNT, "a", {"b": 1, "c": 2, "limit": 5}, "offset")
    assert bound_to == binding(ACCOUNT, "a", {"c": 2, "b": 1}, "offset")


def test_a_cursor_of_another_installation_is_refused(settings: Settings) -> None:
    bound_to = binding(ACCOUNT, "a", {}, "offset")
    cursor = seal(Position(None, 1), bound_to)
    settings.TOKEN_KEY = "another key"
    with pytest.raises(CursorRefused):
        unseal(cursor, bound_to)
