"""Lists that go on after the id of the last item: walked where words make it certain, left to the model elsewhere."""

from functools import partial
from typing import Any

import pytest

from tests.mcp_client import McpClient
from tests.tools.openapi.documents import answering, described
from tests.tools.pages import ids, walk
from tests.vendors.application import Answer, Request
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor

COUNT = 23
GREATER = "Only return users with an ID greater than this ID."
OLDER = "Results will be lesser than this ID."
TEXT, NUMBER, TRUTH = ({"type": kind} for kind in ("string", "integer", "boolean"))
ITEM = {"type": "object", "properties": {"id": NUMBER, "name": TEXT}}
# Parameters with their words, the one by which the list is walked, and whether the newest items come first.
WALKED: list[tuple[dict[str, str], str, bool]] = [
    ({"since_id": "Restrict results to after the specified ID."}, "since_id", False),
    ({"since": f"A user ID. {GREATER}"}, "since", False),
    ({"starting_after": ""}, "starting_after", False),
    ({"starting_after": "", "ending_before": ""}, "starting_after", False),
    ({"after_id": ""}, "after_id", False),
    ({"last_id": "The id of the last user on the previous page."}, "last_id", False),
    ({"after": "Returns users whose id is larger than this one."}, "after", False),
    ({"max_id": OLDER, "since_id": GREATER, "min_id": "Results are immediately newer than this ID."}, "max_id", True),
    ({"before_id": "Return users created before this one."}, "before_id", True),
    ({"before": "Get users before this user id."}, "before", True),
]  # fmt: skip
UNCERTAIN: list[dict[str, str]] = [
    {"since_id": "Returns results with an ID greater than (that is, more recent than) the specified ID."},
    {"since_id": ""},
    {"since_id": GREATER, "max_id": "Returns results with an ID less than or equal to the specified ID."},
    {"before": "Get users before this user id.", "after": "Get users after this user id."},
    {"max_id": "Inclusive upper bound: ids less than this or the same."},
    {"min_id": "Returns results immediately newer than this ID."},
]


@pytest.fixture
def imported(importing: Import) -> Import:
    return partial(importing, path="")


def description_of(words: dict[str, str], schema: dict[str, Any], told: str = "", item: dict[str, Any] = ITEM) -> str:
    """Return the description of one list with these parameters and a page size."""
    given = {**dict.fromkeys(words, NUMBER), "limit": NUMBER}
    parameters = [
        {"name": name, "in": "query", "schema": schema_of, "description": words.get(name, "")}
        for name, schema_of in given.items()
    ]
    return described({"/users": {"get": answering(schema, parameters=parameters, description=told)}})


def vendor_of(parameter: str, *, newest_first: bool, wrap: bool) -> Any:
    numbers = [*range(COUNT, 0, -1)] if newest_first else [*range(1, COUNT + 1)]

    def answer(request: Request) -> Answer:
        after = int(request.one(parameter, "0"))
        start = numbers.index(after) + 1 if after else 0
        rows = [{"id": number} for number in numbers[start : start + int(request.one("limit"))]]
        more = start + len(rows) < COUNT
        return Answer(200, {"data": rows, "has_more": more} if wrap else rows)

    return answer


async def only(client: McpClient) -> dict[str, Any]:
    (tool,) = (await client.request("tools/list")).json()["result"]["tools"]
    found: dict[str, Any] = tool
    return found


@pytest.mark.parametrize("walked", WALKED, ids=lambda each: "+".join(each[0]))
@pytest.mark.parametrize("wrap", [False, True])
async def test_a_list_is_walked_by_the_id_of_its_last_item(
    imported: Import,
    scripted: ScriptedVendor,
    walked: tuple[dict[str, str], str, bool],
    wrap: bool,
) -> None:
    words, parameter, newest_first = walked
    rows = {"type": "array", "items": ITEM}
    schema = {"type": "object", "properties": {"data": rows, "has_more": TRUTH}} if wrap else rows
    client = await imported(description_of(words, schema))
    scripted.answer = vendor_of(parameter, newest_first=newest_first, wrap=wrap)
    tool = await only(client)
    for limit in (1, 7, 50):
        scripted.received.clear()
        pages = await walk(client, tool["name"], limit=limit)
        assert sorted(ids(pages)) == [*range(1, COUNT + 1)]
        assert len(ids(pages)) == COUNT
        assert pages[-1]["next_cursor"] is None
        assert len(scripted.received) == -(-COUNT // limit) + (not wrap)


@pytest.mark.parametrize("words", UNCERTAIN, ids=lambda each: str(each)[:40])
async def test_where_words_leave_it_open_the_model_asks_with_the_vendors_own_arguments(
    imported: Import, scripted: ScriptedVendor, words: dict[str, str]
) -> None:
    client = await imported(description_of(words, {"type": "array", "items": ITEM}))
    scripted.answer = lambda request: Answer(200, [{"id": 2}, {"id": 1}])
    tool = await only(client)
    assert tool["inputSchema"]["properties"].keys() >= {*words, "limit"}
    page = await client.value(tool["name"])
    assert "next_cursor" not in page
    assert [item["id"] for item in page["result"]] == [2, 1]


async def test_the_words_of_the_operation_tell_the_order(imported: Import, scripted: ScriptedVendor) -> None:
    both = {"before": "Users before this user id.", "after": "Users after this user id."}
    for told, parameter in (("Newest first.", "before"), ("Sorted by id, ascending.", "after")):
        client = await imported(description_of(both, {"type": "array", "items": ITEM}, told))
        scripted.answer = vendor_of(parameter, newest_first=parameter == "before", wrap=False)
        pages = await walk(client, (await only(client))["name"], limit=10)
        assert len(ids(pages)) == COUNT
        scripted.reset()


@pytest.mark.parametrize("kind", [{"type": "string", "format": "date-time"}, {"type": "boolean"}])
async def test_a_date_is_no_place_in_a_list(imported: Import, scripted: ScriptedVendor, kind: dict[str, str]) -> None:
    parameter = {"name": "since", "in": "query", "schema": kind, "description": "Changed after this; ids are kept."}
    operation = answering({"type": "array", "items": ITEM}, parameters=[parameter])
    client = await imported(described({"/users": {"get": operation}}))
    assert "since" in (await only(client))["inputSchema"]["properties"]


async def test_an_item_without_its_id_is_no_silent_end(imported: Import, scripted: ScriptedVendor) -> None:
    client = await imported(description_of({"after_id": ""}, {"type": "array", "items": ITEM}))
    scripted.answer = lambda request: Answer(200, [{"name": "a"}, {"name": "b"}])
    page = await client.value((await only(client))["name"])
    assert page["result_count"] == 2
    assert "next_cursor" not in page
    assert "lacks the id" in page["truncated"][0]["advice"]
