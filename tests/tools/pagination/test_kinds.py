"""Every kind of paging: a walk gives each item once, whatever the limits, budgets and the vendor's own page size."""

import json
import random
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.definition import parse_definition
from accounts.vendors.authentication import QueryKey
from accounts.vendors.concealment import SecretMask
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse
from tests.mcp_client import McpClient
from tests.tools.pages import ids, walk
from tests.vendors.application import Answer, Request
from tests.vendors.lists import FILLED, KEY, PAGINGS, SILENT, ListVendor, bundle, list_tool
from tests.vendors.scripted import ScriptedVendor
from tools.calling.answers.answer import VendorAnswer
from tools.calling.cursors import MAX_CHARACTERS
from tools.calling.paging import step_of
from tools.calling.sending.binding import bind
from tools.calling.sending.checking import check
from tools.calling.shaping import shape_page
from tools.catalogue.gate import problems_of
from tools.models import Documentation
from tools.pagination.numbered import goes_on
from tools.ratelimits import RateLimits
from tools.tokens import tokens_of

TOOLS = {name: list_tool(name) for name in PAGINGS}
CONNECTION = Connection(
    UUID(int=1), UUID(int=2), "Lists", "Lists", "https://lists.example/v1", QueryKey(SecretMask([KEY]), "key", KEY)
)
LIMITS = st.integers(1, 50)
BUDGETS = st.sampled_from([4000, 5000, 9000, 100_000])
# Any vendor's most items of a page.
CAPS = st.integers(1, 100)


def call(name: str, vendor: ListVendor, arguments: dict[str, Any], budget: int) -> dict[str, Any]:
    """Make one step of a walk without a network in between."""
    tool = TOOLS[name]
    assert tool.pager
    used = check(tool, arguments)
    step = step_of(tool, tool.pager, CONNECTION, used)
    bound = bind(tool, used, step.request())
    address = urlsplit(f"https://lists.example/v1{bound.target}")
    headers = [(name.lower(), value) for name, value in bound.headers.items()]
    given = vendor(Request(tool.method.http, address.path, address.query, headers, bound.body))
    response = UpstreamResponse(
        given.status, {name.lower(): value for name, value in given.headers.items()}, given.content
    )
    shown = step.view(bound.target, VendorAnswer(tool, CONNECTION, response, RateLimits()))
    shaped = shape_page(shown.items, shown.cursor_after, budget=budget, note=shown.note)
    assert tokens_of(shaped.encoded) <= budget
    page: dict[str, Any] = json.loads(shaped.text)
    return page


@pytest.mark.parametrize("name", PAGINGS)
@hypothesis_settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_walk_gives_every_item_once_whatever_is_cut(name: str, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.sampled_from([0, 10, 300, 1500, 30_000]), max_size=120), "sizes")
    items = [{"id": number, "text": "x" * size} for number, size in enumerate(sizes)]
    vendor = ListVendor(items, 100 if name in FILLED else data.draw(CAPS, "cap"))
    calls = data.draw(st.lists(st.tuples(LIMITS, BUDGETS), min_size=1, max_size=8), "calls")
    given_out: list[int] = []
    empty, cursor = 0, None
    for count in range(len(items) + 2):
        limit, budget = calls[count % len(calls)]
        limit = min(limit, PAGINGS[name].get("max_limit", 50))
        page = call(name, vendor, {"limit": limit, "word": "é", "next_cursor": cursor}, budget)
        assert page["result_count"] == len(page["result"]) <= limit
        given_out += [item["id"] for item in page["result"]]
        empty += not page["result"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(cursor) < MAX_CHARACTERS
    assert cursor is None
    assert given_out == list(range(len(items)))
    assert empty <= 1


@pytest.mark.parametrize("name", PAGINGS)
async def test_every_kind_is_walked_through_a_server(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor, name: str
) -> None:
    items = vendor.items
    for total in (0, 1, 10, 45):
        vendor.items = items[:total]
        scripted.received.clear()
        pages = await walk(lists, f"list_{name}", limit=10)
        assert ids(pages) == list(range(total))
        # A first page that is shorter than requested may have been as long as the vendor's pages are.
        most = total // 10 + 1 + (name in SILENT and 0 < total < 10)
        assert len(scripted.received) == len(pages) <= most, f"of {total} items"
        assert all(dict(request.parameters)["key"] == KEY for request in scripted.received)


@pytest.mark.parametrize("name", sorted(PAGINGS.keys() - FILLED - {"range_ignored", "none"}))
async def test_a_vendor_that_gives_fewer_than_asked_for_does_not_end_a_walk(
    lists: McpClient, vendor: ListVendor, name: str
) -> None:
    vendor.cap = 7
    limit = PAGINGS[name].get("max_limit", 50)
    assert ids(await walk(lists, f"list_{name}", limit=limit)) == list(range(45))


@pytest.mark.parametrize("name", sorted(SILENT | {"offset_total", "offset_more", "page_total", "page_more"}))
@pytest.mark.parametrize("total", [1, 50, 101])
def test_no_cap_hides_items_even_where_nothing_tells_of_it(name: str, total: int) -> None:
    limit = PAGINGS[name].get("max_limit", 50)
    for cap in range(1, 101):
        vendor, cursor, given_out = ListVendor([{"id": number} for number in range(total)], cap), None, []
        for _ in range(total + 2):
            page = call(name, vendor, {"limit": limit, "next_cursor": cursor}, 100_000)
            given_out += [item["id"] for item in page["result"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert (given_out, cursor) == ([*range(total)], None), cap


@pytest.mark.parametrize("name", sorted(SILENT - {"page_fixed"}))
async def test_a_page_shorter_than_another_of_the_walk_is_the_last(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor, name: str
) -> None:
    vendor.cap = 7
    assert ids(await walk(lists, f"list_{name}", limit=50)) == list(range(45))
    assert len(scripted.received) == 7


@pytest.mark.parametrize("name", sorted(FILLED))
async def test_a_short_first_page_is_the_last_where_a_definition_says_so(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor, name: str
) -> None:
    vendor.items = vendor.items[:7]
    assert ids(await walk(lists, f"list_{name}", limit=10)) == list(range(7))
    assert len(scripted.received) == 1


@pytest.mark.parametrize(
    ("count", "asked", "shown", "more"),
    [
        (0, 10, 0, False), (0, 10, 10, False), (10, 10, 0, True), (11, 10, 0, True), (3, 10, 0, True),
        (1, 25, 0, True), (20, 25, 20, True), (7, 25, 7, True), (15, 25, 20, False), (13, 25, 10, True),
        (20, 25, 25, False), (5, 5, 20, True), (4, 5, 20, False),
    ],
)  # fmt: skip
def test_where_nothing_tells_the_length_of_a_page_does(count: int, asked: int, shown: int, more: bool) -> None:
    assert goes_on(count, asked, shown) is more


async def test_what_a_budget_hid_is_asked_for_again_and_nothing_else_is_shown_twice(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor, settings: Any
) -> None:
    settings.RESULT_TOKENS = 1000
    vendor.items = [{"id": number, "text": "x" * 900} for number in range(9)]
    for name in PAGINGS:
        scripted.received.clear()
        pages = await walk(lists, f"list_{name}", limit=8)
        assert ids(pages) == list(range(9)), name
        assert max(page["result_count"] for page in pages) < 5, name
        assert "Pass next_cursor back" in pages[0]["truncated"][0]["advice"], name


async def test_the_size_of_numbered_pages_stays_as_the_walk_began(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor
) -> None:
    first = await lists.value("list_page", {"limit": 20})
    second = await lists.value("list_page", {"limit": 5, "next_cursor": first["next_cursor"]})
    third = await lists.value("list_page", {"limit": 50, "next_cursor": second["next_cursor"]})
    assert ids([first, second, third]) == list(range(40))
    assert [dict(request.parameters)["page"] for request in scripted.received] == ["1", "2", "2"]
    assert {dict(request.parameters)["per_page"] for request in scripted.received} == {"20"}


@pytest.mark.parametrize(
    ("name", "limit", "asked"),
    [
        ("offset_sizes", 3, "5"), ("offset_sizes", 10, "10"), ("offset_sizes", 41, "100"), ("page_sizes", 11, "40"),
        ("cursor_least", 3, "8"), ("cursor_least", 13, "13"),
    ],
)  # fmt: skip
async def test_a_size_that_the_vendor_takes_is_asked_for_and_the_limit_kept(
    lists: McpClient, scripted: ScriptedVendor, name: str, limit: int, asked: str
) -> None:
    page = await lists.value(f"list_{name}", {"limit": limit})
    parameters = dict(scripted.last.parameters)
    assert parameters.get("per_page", parameters.get("limit")) == asked
    assert page["result_count"] == limit


@pytest.mark.parametrize(
    "name",
    ["offset_total", "offset_header", "offset_one", "page_total", "page_body", "cursor_least", "range"],
)
async def test_the_vendors_total_stands_beside_the_pages_count(
    lists: McpClient, scripted: ScriptedVendor, name: str
) -> None:
    result = await lists.call(f"list_{name}", {"limit": 20})
    shown = json.loads(result["content"][0]["text"])
    assert (shown["result_count"], shown["total_count"]) == (20, 45)


async def test_what_is_less_than_the_items_that_came_is_no_total(lists: McpClient, scripted: ScriptedVendor) -> None:
    scripted.answer = lambda request: Answer(200, b'{"data": [{"id": 1}, {"id": 2}], "meta": {"total": 1}}')
    assert "total_count" not in await lists.value("list_cursor_least")


async def test_parameters_in_a_body_keep_their_types_and_lead_into_objects(
    lists: McpClient, scripted: ScriptedVendor
) -> None:
    await walk(lists, "list_cursor_body", limit=40)
    assert [json.loads(request.body) for request in scripted.received] == [
        {"page": {"size": 40}}, {"page": {"size": 40, "from": {"at": 40}}},
    ]  # fmt: skip
    assert not any("page" in request.query for request in scripted.received)


async def test_a_range_is_asked_for_in_its_header(lists: McpClient, scripted: ScriptedVendor) -> None:
    await walk(lists, "list_range", limit=25)
    assert [request.header("range") for request in scripted.received] == [["items=0-24"], ["items=25-49"]]
    await lists.value("list_range_ignored", {"limit": 5})
    assert scripted.last.header("range") == ["rows=0-4"]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (("items 0-9/10", 10, 206), (10, False)),
        (("items 0-9/11", 10, 206), (10, True)),
        (("items 0-9/11", 10, 200), (10, True)),
        (("0-9/11", 10, 206), (10, True)),
        (("items 0-9/*", 10, 206), (10, True)),
        (("items 0-2/*", 3, 206), (3, True)),
        (("items 0-2/30", 3, 206), (3, True)),
        (("", 10, 206), (10, True)),
        (("", 10, 200), (10, False)),
        (("", 12, 200), (10, True)),
        (("items */0", 0, 416), (0, False)),
        (("nonsense", 3, 206), (3, True)),
    ],
)
async def test_a_range_ends_where_its_answer_says(
    lists: McpClient, scripted: ScriptedVendor, answered: tuple[str, int, int], expected: tuple[int, bool]
) -> None:
    told, given, status = answered
    content = json.dumps({"data": list(range(given))}).encode()
    scripted.answer = lambda request: Answer(status, content, {"Content-Range": told} if told else {})
    page = await lists.value("list_range", {"limit": 10})
    assert (page["result_count"], page["next_cursor"] is not None) == expected


async def test_items_that_lie_elsewhere_than_asked_are_put_where_they_lie(
    lists: McpClient, scripted: ScriptedVendor
) -> None:
    """A vendor that rounds ranges down to its own pages sends some items again, which are left out."""

    def rounded(request: Request) -> Answer:
        first = int(request.header("range")[0].removeprefix("items=").partition("-")[0]) // 10 * 10
        rows = [{"id": number} for number in range(23)][first : first + 10]
        return Answer(206, {"data": rows}, {"Content-Range": f"items {first}-{first + len(rows) - 1}/23"})

    scripted.answer = rounded
    assert ids(await walk(lists, "list_range", limit=7)) == list(range(23))


@pytest.mark.parametrize("name", ["page", "cursor", "link", "offset", "range", "none"])
async def test_no_content_is_an_empty_list(lists: McpClient, scripted: ScriptedVendor, name: str) -> None:
    scripted.answer = lambda request: Answer(204, b"")
    assert await lists.value(f"list_{name}") == {"result": [], "next_cursor": None, "result_count": 0}


async def test_a_page_behind_the_last_may_be_unknown_but_the_first_may_not(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor
) -> None:
    first = await lists.value("list_page", {"limit": 45})
    scripted.answer = lambda request: Answer(404, b'{"detail": "Invalid page."}')
    assert (await lists.value("list_page", {"limit": 45, "next_cursor": first["next_cursor"]}))["result"] == []
    assert "HTTP 404" in await lists.failure("list_page")


@pytest.mark.parametrize("told", [None, "", "many", -1, True, 4.5, [3], {"count": 3}])
async def test_a_total_that_is_none_leaves_it_to_the_length_of_the_page(
    lists: McpClient, scripted: ScriptedVendor, told: Any
) -> None:
    for rows, more in ((0, False), (3, True), (10, True)):
        content = json.dumps({"data": list(range(rows)), "meta": {"total": told}}).encode()
        scripted.answer = lambda request, content=content: Answer(200, content)
        for name in ("offset_total", "page_total"):
            assert ((await lists.value(f"list_{name}", {"limit": 10}))["next_cursor"] is not None) is more


@pytest.mark.parametrize("told", [None, "", False, "false", 0, []])
async def test_what_does_not_tell_of_more_is_the_last_page(
    lists: McpClient, scripted: ScriptedVendor, told: Any
) -> None:
    content = json.dumps({"data": list(range(10)), "meta": {"more": told, "next": told}}).encode()
    scripted.answer = lambda request: Answer(200, content)
    for name in ("page_more", "cursor"):
        if (name, told) == ("cursor", "false"):
            continue
        assert (await lists.value(f"list_{name}", {"limit": 10}))["next_cursor"] is None


async def test_a_cursor_with_the_last_page_is_left_where_more_says_so(
    lists: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.answer = lambda request: Answer(200, b'{"data": [{"id": 8}], "meta": {"more": false}}')
    assert (await lists.value("list_cursor_last"))["next_cursor"] is None
    scripted.answer = lambda request: Answer(200, b'{"data": [{"id": 8}], "meta": {}}')
    assert (await lists.value("list_cursor_last"))["next_cursor"] is not None


@pytest.mark.parametrize(("name", "meta"), [("cursor", {"next": "x"}), ("link_body", {"url": "?from=9"})])
async def test_a_vendor_that_names_the_same_page_again_ends_the_walk_and_that_is_said(
    lists: McpClient, scripted: ScriptedVendor, name: str, meta: dict[str, str]
) -> None:
    scripted.answer = lambda request: Answer(200, json.dumps({"data": [{"id": 1}], "meta": meta}).encode())
    pages = await walk(lists, f"list_{name}")
    assert ids(pages) == [1]
    assert "truncated" not in pages[0]
    assert "named this very page as the next one" in pages[1]["truncated"][0]["advice"]


@pytest.mark.parametrize("size", [1900, 100_000])
async def test_a_cursor_that_is_too_long_ends_the_walk_and_that_is_said(
    lists: McpClient, scripted: ScriptedVendor, size: int
) -> None:
    long = random.Random(1).randbytes(size).hex()
    scripted.answer = lambda request: Answer(200, json.dumps({"data": [1], "meta": {"next": long}}).encode())
    page = await lists.value("list_cursor")
    assert page["result"] == [1]
    assert "next_cursor" not in page
    assert "too long to be passed on" in page["truncated"][0]["advice"]


async def test_a_long_cursor_that_compresses_comes_back_whole(lists: McpClient, scripted: ScriptedVendor) -> None:
    long = "segment/" * 400
    scripted.answer = lambda request: Answer(200, json.dumps({"data": [1], "meta": {"next": long}}).encode())
    cursor = (await lists.value("list_cursor"))["next_cursor"]
    assert len(cursor) < 200
    await lists.value("list_cursor", {"next_cursor": cursor})
    assert dict(scripted.last.parameters)["after"] == long


async def test_an_answer_whose_form_a_definition_did_not_foresee_is_told(
    lists: McpClient, scripted: ScriptedVendor
) -> None:
    scripted.answer = lambda request: Answer(200, b'{"data": {"id": 1}}')
    page = await lists.value("list_cursor")
    assert (page["result"], page["next_cursor"]) == ([{"id": 1}], None)
    assert "A single value came" in page["remarks"][0]


async def test_a_cursor_goes_with_its_own_kind_alone(lists: McpClient, vendor: ListVendor) -> None:
    cursor = (await lists.value("list_page", {"limit": 10}))["next_cursor"]
    for name in PAGINGS.keys() - {"page"}:
        assert "belongs to a call of another tool" in await lists.failure(f"list_{name}", {"next_cursor": cursor})


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"body": "form"}, "its parameters go into a JSON body, but this method's body is form"),
        ({"body_parameter": "all"}, "its parameters go into the body, but the whole body is all"),
    ],
)
def test_paging_that_has_no_place_in_a_body_makes_no_tool(changed: dict[str, str], problem: str) -> None:
    document = bundle()
    document["integration"]["resources"]["page_body"]["methods"]["list"].update(changed)
    record = next(each for each in document["documentation"] if each["resource"] == "page_body")
    problems = problems_of(parse_definition(document["integration"]), Documentation(**record))
    assert any(problem in each for each in problems)
