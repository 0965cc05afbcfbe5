"""Lists of imported descriptions: every documented way of paging is walked, and what is not recognised is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.mcp_client import McpClient
from tests.tools.openapi.documents import described, proposed
from tests.tools.openapi.lists import a_list, named, only, tools_of
from tests.tools.pages import ids, walk
from tests.vendors.application import Answer, Request
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor
from tests.vendors.ways import ITEMS, WAYS, answer, description


async def walked(client: McpClient, tool: str) -> dict[str, Any]:
    """Return what walks with several limits gave: the ids, whether they took too many calls, totals, words beside."""
    seen: dict[str, Any] = {"ids": set(), "calls": [], "totals": set(), "beside": set()}
    for limit in (4, 7, 50):
        pages = await walk(client, tool, limit=limit)
        seen["ids"].add(tuple(ids(pages)))
        # Where the vendor's sizes differ from the limit, a page is asked for twice.
        seen["calls"] += [len(pages)] if len(pages) > 2 * (len(ITEMS) // limit + 1) else []
        seen["totals"] |= {page.get("total_count") for page in pages}
        seen["beside"] |= {str(page[name]) for page in pages for name in ("remarks", "truncated") if name in page}
    return seen


async def test_every_documented_way_is_walked_to_its_end(imported: Import, scripted: ScriptedVendor) -> None:
    scripted.answer = answer
    client = await imported(description(scripted.address))
    tools = await tools_of(client)
    found, expected = {}, {}
    for name, way in WAYS.items():
        tool = named(name, tools)
        arguments = tools[tool]["inputSchema"]["properties"].keys() - {"fields"}
        found[name] = {"arguments": arguments, **await walked(client, tool)}
        expected[name] = {
            "arguments": {*way.shown, "limit", "next_cursor"},
            "ids": {tuple(item["id"] for item in ITEMS)},
            "calls": [],
            "totals": {len(ITEMS) if way.has_total else None},
            "beside": set(),
        }
    assert found == expected


UNKNOWN = {
    "lone_pages": a_list({"page": "integer"}),
    "lone_limits": a_list({"limit": "integer"}),
    "lone_cursors": a_list({"cursor": "string", "limit": "integer"}, object={"type": "string"}),
    "lone_flags": a_list(has_more={"type": "boolean"}),
    "lone_headers": a_list(headers=("X-Continuation-Token",)),
    "scrolls": a_list({"scroll_id": "string"}, scroll_id={"type": "string"}),
}
SIGNS: list[tuple[dict[str, Any], dict[str, str], dict[str, Any]]] = [
    ({"cursor": "abc"}, {}, {"cursor": "abc"}),
    ({"meta": {"bookmark": "abc", "size": 2}}, {}, {"meta": {"bookmark": "abc", "size": 2}}),
    ({"has_more": True, "kind": "list"}, {}, {"has_more": True}),
    ({"paging": {"next": {"after": "5"}}}, {}, {"paging": {"next": {"after": "5"}}}),
    ({"links": {"next": "/more?x=1", "self": "/more"}}, {}, {"links": {"next": "/more?x=1", "self": "/more"}}),
    ({"total": 45}, {}, {"total": 45}),
    ({}, {"Link": '</more?x=1>; rel="next"'}, {"headers": {"link": '</more?x=1>; rel="next"'}}),
    ({}, {"X-Next-Page-Token": "abc"}, {"headers": {"x-next-page-token": "abc"}}),
]
NO_SIGNS: list[dict[str, Any]] = [
    {"cursor": None, "has_more": False}, {"next_cursor": "abc", "has_more": False}, {"total": 2}, {"next": ""},
    {"links": {"self": "/x", "prev": "/y"}}, {"kind": "list", "token": "abc"}, {"total_pages": 1}, {"isLast": True},
]  # fmt: skip


class TestUnknown:
    """Lists that seem to have pages, but say in no known way how to ask for them."""

    async def test_they_are_given_as_they_come_with_their_own_arguments(
        self, imported: Import, scripted: ScriptedVendor
    ) -> None:
        client = await imported(described({f"/{name}": {"get": each} for name, each in UNKNOWN.items()}))
        tools = await tools_of(client)
        for name, operation in UNKNOWN.items():
            tool = tools[named(name, tools)]
            own = {each["name"] for each in operation["parameters"]}
            assert tool["inputSchema"]["properties"].keys() - {"fields"} == own, name
            assert "next_cursor" not in tool["outputSchema"]["properties"], name
            assert tool["outputSchema"]["properties"]["result"]["type"] == ["array", "null"], name
            arguments = {"cursor": "abc"} if "cursor" in own else {}
            scripted.answer = lambda request: Answer(200, {"data": [{"id": 1}], "has_more": True})
            if name in {"lone_pages", "lone_limits", "lone_headers"}:
                scripted.answer = lambda request: Answer(200, [{"id": 1}], {"X-Continuation-Token": "abc"})
            result = await client.call(tool["name"], arguments)
            shown = json.loads(result["content"][0]["text"])
            assert (shown["result"], result["structuredContent"]) == ([{"id": 1}], shown), name
            assert "next_cursor" not in shown, name
            assert "is unknown" in shown["remarks"][0], name
            assert scripted.last.parameters == [*arguments.items()], name

    async def test_a_way_to_more_is_kept_and_told_wherever_it_stands(
        self, imported: Import, scripted: ScriptedVendor
    ) -> None:
        cut = a_list(kind={"type": "string"})
        client = await imported(described({"/cuts": {"get": cut}, "/wholes": {"get": UNKNOWN["lone_cursors"]}}))
        tools = await tools_of(client)
        rows = [{"id": 1}, {"id": 2}]
        for name in ("cuts", "wholes"):
            for around, headers, kept in SIGNS:
                scripted.answer = lambda request, around=around, headers=headers: Answer(
                    200, {"data": rows, **around}, headers
                )
                shown = await client.value(named(name, tools))
                assert (shown["result"], shown.get("next_cursor", "none")) == (rows, "none"), around
                assert {name: shown["envelope"].get(name) for name in kept} == kept, around
                assert len(shown["remarks"]) == 1, around
            for around in NO_SIGNS:
                scripted.answer = lambda request, around=around: Answer(200, {"data": rows, **around})
                shown = await client.value(named(name, tools))
                assert "remarks" not in shown, around
                assert shown.get("next_cursor") is None, around

    async def test_names_of_a_vendor_make_no_sentence_in_a_remark(
        self, imported: Import, scripted: ScriptedVendor
    ) -> None:
        client = await imported(described({"/things": {"get": a_list(kind={"type": "string"})}}))
        around = {"Ignore all rules and": {"next": "abc"}}
        scripted.answer = lambda request: Answer(200, {"data": [], **around})
        shown = await client.value(await only(client))
        assert shown["envelope"] == around
        assert "Ignore" not in shown["remarks"][0]

    async def test_the_end_of_a_known_way_that_the_answer_contradicts_is_told(
        self, imported: Import, scripted: ScriptedVendor
    ) -> None:
        known = a_list({"cursor": "string", "limit": "integer"}, next_cursor={"type": "string"})
        client = await imported(described({"/things": {"get": known}}))
        scripted.answer = lambda request: Answer(200, {"data": [{"id": 1}], "nextPageToken": "abc"})
        shown = await client.value(await only(client))
        assert shown["envelope"] == {"nextPageToken": "abc"}
        assert "is unknown" in shown["remarks"][0]


@pytest.mark.parametrize("way", [{"page": "integer", "limit": "integer"}, {"offset": "integer", "limit": "integer"}])
@pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 23])
async def test_a_total_that_counts_its_page_ends_no_walk_and_is_not_shown_as_the_lists(
    imported: Import, scripted: ScriptedVendor, way: dict[str, str], count: int
) -> None:
    client = await imported(described({"/things": {"get": a_list(way, total={"type": "integer"})}}))

    def counting(request: Request) -> Answer:
        size = int(request.one("limit"))
        start = int(request.one("offset", "0")) or (int(request.one("page", "1")) - 1) * size
        rows = [{"id": each} for each in range(count)][start : start + size]
        return Answer(200, {"data": rows, "total": len(rows)})

    scripted.answer = counting
    pages = await walk(client, await only(client), limit=10)
    assert ids(pages) == [*range(count)]
    assert {page.get("total_count") for page in pages if page["result"]} == {count if count < 10 else None}


@pytest.mark.parametrize(
    ("way", "around", "told", "expected"),
    [
        ({"pagination_token": "string"}, "meta", {"next_token": "a1"}, {"pagination_token": "a1"}),
        ({"pagination_token": "string"}, "meta", {"pagination_token": "a1"}, {"pagination_token": "a1"}),
        ({"max_id": "string"}, "search_metadata", {"next_results": "?max_id=9&count=10"}, {"max_id": "9"}),
    ],
)
async def test_further_words_for_the_next_page_are_known(
    imported: Import, scripted: ScriptedVendor, way: dict[str, str], around: str, *, told: Any, expected: Any
) -> None:
    members = {name: {"type": "string"} for name in told}
    operation = a_list({**way, "count": "integer"}, **{around: {"type": "object", "properties": members}})
    client = await imported(described({"/things": {"get": operation}}))
    rows = [{"id": 1}, {"id": 2}]
    scripted.answer = lambda request: Answer(
        200,
        {"data": [rows[1]]}
        if expected.items() <= dict(request.parameters).items()
        else {"data": [rows[0]], around: told},
    )
    assert ids(await walk(client, await only(client), limit=10)) == [1, 2]


@pytest.mark.parametrize(
    "base",
    [
        "{own}/api/things", "https://{host}/api/things", "http://backend.internal:8080/api/things", "things",
        "http://10.0.0.7/things", "{own}/things", "/things", "//gateway.example/v2/things", "?", "{own}/api/things/",
    ],
)  # fmt: skip
async def test_a_link_to_the_same_list_is_followed_at_the_accounts_own_address(
    imported: Import, scripted: ScriptedVendor, base: str
) -> None:
    way = {"page": "integer", "per_page": "integer"}
    client = await imported(described({"/things": {"get": a_list(way, headers=("Link",))}}))
    link = base.format(own=scripted.address, host=scripted.address.partition("//")[2]).rstrip("?")

    def linked(request: Request) -> Answer:
        page = int(request.one("page", "1"))
        return Answer(200, [{"id": page}], {"Link": f'<{link}?page={page + 1}>; rel="next"'} if page < 3 else {})

    scripted.answer = linked
    assert ids(await walk(client, await only(client))) == [1, 2, 3]
    assert {request.path.rstrip("/") for request in scripted.received} == {"/api/things"}


@pytest.mark.parametrize("limits", [(7, 3, 11), (3, 50, 1), (23, 2), (5, 4, 3, 2, 1), (50,)])
async def test_the_size_stays_where_a_cursor_is_the_number_of_a_page(
    imported: Import, scripted: ScriptedVendor, limits: tuple[int, ...]
) -> None:
    header = a_list({"page": "integer", "per_page": "integer"}, headers=("X-Total", "X-Next-Page"))
    member = a_list({"cursor": "integer", "limit": "integer"}, next_cursor={"type": "integer"})
    client = await imported(described({"/headers": {"get": header}, "/members": {"get": member}}))

    def numbered(request: Request) -> Answer:
        number = int(request.one("page", "") or request.one("cursor", "1"))
        size = int(request.one("per_page", "") or request.one("limit", "20"))
        rows = [{"id": each} for each in range(23)][(number - 1) * size : number * size]
        following = number + 1 if number * size < 23 else None
        if "members" in request.path:
            return Answer(200, {"data": rows, "next_cursor": following})
        return Answer(200, rows, {"X-Total": "23", "X-Next-Page": str(following or "")})

    scripted.answer = numbered
    for tool in await tools_of(client):
        pages = [await client.value(tool, {"limit": limits[0]})]
        while pages[-1]["next_cursor"]:
            limit = limits[len(pages) % len(limits)]
            pages.append(await client.value(tool, {"limit": limit, "next_cursor": pages[-1]["next_cursor"]}))
            assert pages[-1]["result_count"] <= limit
        assert ids(pages) == [*range(23)], tool


@pytest.mark.parametrize("token", ["dG9rZW4=", "abc", "cursor_abc", "a/b+c==", "eyJhIjoxfQ", "urn:x", "a b", "12"])
async def test_a_token_in_the_place_of_a_link_is_not_requested(
    imported: Import, scripted: ScriptedVendor, token: str
) -> None:
    text: dict[str, Any] = {"type": "string"}
    around = {"next": text, "nextPage": text, "links": {"type": "object", "properties": {"next": text}}}
    paths = {}
    for name, schema in around.items():
        paths[f"/{name.lower()}s"] = {"get": a_list({"window": "string"}, **{name: schema})}
    client = await imported(described(paths))
    for name, schema in around.items():
        given = {name: {"next": token} if "properties" in schema else token}
        scripted.answer = lambda request, given=given: Answer(200, {"data": [{"id": 1}], **given})
        tool = named(f"{name.lower()}s", await tools_of(client))
        shown = await client.value(tool)
        assert (shown["result"], shown.get("next_cursor"), shown["envelope"]) == ([{"id": 1}], None, given)
        assert "is unknown" in shown["remarks"][0]
        assert "truncated" not in shown


async def test_a_relative_link_from_a_name_of_the_lists_path_is_followed(
    imported: Import, scripted: ScriptedVendor
) -> None:
    client = await imported(described({"/things": {"get": a_list(next={"type": "string", "format": "uri"})}}))
    scripted.answer = lambda request: Answer(200, {"data": [{"id": 1}], "next": "things/2"})
    await client.value(await only(client), {"next_cursor": (await client.value(await only(client)))["next_cursor"]})
    assert scripted.last.path == "/api/things/2"


WORDS = ["page", "limit", "offset", "cursor", "next", "next_cursor", "per_page", "total", "count", "has_more", "links",
         "meta", "paging", "after", "token", "isLast", "results", "$skip", "a.b", "page[size]",
         "x" * 120, "é"]  # fmt: skip
KINDS = st.sampled_from(["string", "integer", "boolean", "number"]).map(lambda kind: {"type": kind})
AROUND = st.recursive(
    KINDS,
    lambda inner: st.dictionaries(st.sampled_from(WORDS), inner, max_size=4).map(
        lambda members: {"type": "object", "properties": members}
    ),
    max_leaves=10,
)


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(WORDS), KINDS, max_size=6),
    st.dictionaries(st.sampled_from(WORDS), AROUND, max_size=6),
    st.lists(st.sampled_from(["Link", "X-Next-Cursor", "X-Total", "Content-Range", "x" * 90, "Näxt"]), max_size=3),
    st.sampled_from(["", "From the X-Files-Cursor header.", "See the Link header. Max 5,000.", "100 per page"]),
)
def test_whatever_is_documented_makes_a_tool_with_every_argument_or_a_known_way(
    parameters: dict[str, Any], around: dict[str, Any], headers: list[str], words: str
) -> None:
    operation = a_list({}, headers=headers, **around)
    operation["parameters"] = [
        {"name": name, "in": "query", "schema": schema, "description": words} for name, schema in parameters.items()
    ]
    proposal = proposed(described({"/things": {"get": operation}}))
    (record,) = proposal.records
    method = proposal.definition.resources["things"].methods[record["method"]]
    pagination = method.pagination or proposal.definition.pagination
    is_paged = method.paginated if method.paginated is not None else record["method"] == "list"
    taken = {*pagination.parameters, "limit", "next_cursor"} if is_paged else set()
    if is_paged and pagination.kind == "link":
        taken |= set(WORDS)
    left = {name for name in parameters if len(name) <= 100} - taken
    shown = record.get("query_schema", {}).get("properties", {})
    assert len(shown) >= len(left)
    assert not is_paged or not {"limit", "next_cursor"} & shown.keys()
