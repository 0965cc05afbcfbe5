"""Where a walk through an imported list ends, whatever the vendor says, and where it goes on."""

from typing import Any

import pytest

from tests.tools.openapi.documents import described
from tests.tools.openapi.lists import a_list, only
from tests.tools.pages import ids, walk
from tests.vendors.application import Answer, Request
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor


@pytest.mark.parametrize(
    ("way", "around"),
    [
        ({"page": "integer", "limit": "integer"}, {"next": {"type": "string", "format": "uri"}}),
        ({"page": "integer", "limit": "integer"}, {"total": {"type": "integer"}}),
        ({"page": "integer", "limit": "integer"}, {}),
        ({"offset": "integer", "limit": "integer"}, {"has_more": {"type": "boolean"}}),
        ({"offset": "integer", "limit": "integer"}, {}),
        ({"cursor": "string", "limit": "integer"}, {"next_cursor": {"type": "string"}}),
    ],
)
async def test_a_page_that_repeats_for_ever_ends_the_walk(
    imported: Import, scripted: ScriptedVendor, way: dict[str, str], around: dict[str, Any]
) -> None:
    client = await imported(described({"/things": {"get": a_list(way, kind={"type": "string"}, **around)}}))
    rows, asked = [{"id": number} for number in range(25)], [0]

    def again(request: Request) -> Answer:
        asked[0] += 1
        told = {"next": "/things?page=9", "total": 900, "has_more": True, "next_cursor": f"at {asked[0]}"}
        return Answer(200, {"data": rows, **{name: told[name] for name in around}})

    scripted.answer = again
    pages = await walk(client, await only(client), limit=25)
    assert ids(pages) == [row["id"] for row in rows]
    assert len(pages) == 2
    assert "items of a previous page again" in pages[1]["truncated"][0]["advice"]


Kind = tuple[dict[str, str], dict[str, Any], str]
CIRCLING: list[Kind] = [
    ({"cursor": "string", "limit": "integer"}, {"next_cursor": {"type": "string"}}, "cursor"),
    ({"limit": "integer"}, {"next": {"type": "string", "format": "uri"}}, "at"),
    ({"page": "integer", "limit": "integer"}, {"has_more": {"type": "boolean"}}, "page"),
]


@pytest.mark.parametrize("kind", CIRCLING)
@pytest.mark.parametrize("length", [1, 2, 3])
async def test_a_walk_in_a_circle_ends_after_one_round(
    imported: Import, scripted: ScriptedVendor, kind: Kind, length: int
) -> None:
    way, around, place = kind
    client = await imported(described({"/things": {"get": a_list(way, kind={"type": "string"}, **around)}}))

    def circling(request: Request) -> Answer:
        number = (int(request.one(place, "1")) - 1) % length
        following = (number + 1) % length + 1
        told = {"next": f"/things?at={following}", "next_cursor": f"{following}", "has_more": True}
        return Answer(
            200, {"data": [{"id": 2 * number}, {"id": 2 * number + 1}], **{each: told[each] for each in around}}
        )

    scripted.answer = circling
    pages = await walk(client, await only(client), limit=2)
    assert ids(pages) == [*range(2 * length)]
    assert len(pages) == length + 1
    assert "the walk ends here" in pages[-1]["truncated"][0]["advice"]


@pytest.mark.parametrize("kind", CIRCLING)
@pytest.mark.parametrize("empty", [1, 5, 9, 10, None])
async def test_many_empty_pages_in_a_row_end_a_walk_and_fewer_do_not(
    imported: Import, scripted: ScriptedVendor, kind: Kind, empty: int | None
) -> None:
    way, around, place = kind
    client = await imported(described({"/things": {"get": a_list(way, kind={"type": "string"}, **around)}}))

    def sparse(request: Request) -> Answer:
        number = int(request.one(place, "1"))
        has_item = number in {1, 3, 4 + (empty or 1000)}
        told = {"next": f"/things?at={number + 1}", "next_cursor": f"{number + 1}", "has_more": True}
        is_last = empty is not None and number >= 4 + empty
        rows = [{"id": number}] if has_item else []
        return Answer(200, {"data": rows, **({each: None if is_last else told[each] for each in around})})

    scripted.answer = sparse
    pages = await walk(client, await only(client), limit=1)
    given_up = empty is None or empty >= 10
    assert ids(pages) == ([1, 3] if given_up else [1, 3, 4 + (empty or 0)])
    assert ("truncated" in pages[-1]) is given_up
    assert not given_up or "each of the last 10 pages" in pages[-1]["truncated"][0]["advice"]


@pytest.mark.parametrize("cap", [12, 24, 36, 48, 10, 16])
async def test_fewer_items_than_asked_for_do_not_end_a_silent_walk_if_vendors_choose_so_many(
    imported: Import, scripted: ScriptedVendor, cap: int
) -> None:
    way = {"page": "integer", "limit": "integer"}
    client = await imported(described({"/things": {"get": a_list(way)}}))

    def capped(request: Request) -> Answer:
        start = (int(request.one("page")) - 1) * cap
        return Answer(200, [{"id": each} for each in range(120)][start : start + cap])

    scripted.answer = capped
    assert ids(await walk(client, await only(client), limit=50)) == [*range(120)]


async def test_single_values_may_come_again(imported: Import, scripted: ScriptedVendor) -> None:
    operation = a_list({"offset": "integer", "limit": "integer"}, has_more={"type": "boolean"})
    client = await imported(described({"/things": {"get": operation}}))
    values = [3, 5, 3, 5, 7, 3]

    def one(request: Request) -> Answer:
        place = int(request.one("offset"))
        return Answer(200, {"data": values[place : place + 1], "has_more": place < 5})

    scripted.answer = one
    pages = await walk(client, await only(client), limit=1)
    assert [item for page in pages for item in page["result"]] == values


async def test_a_page_that_comes_twice_is_given_once_whatever_its_link_says(
    imported: Import, scripted: ScriptedVendor
) -> None:
    client = await imported(described({"/things": {"get": a_list({"limit": "integer"}, next={"type": "string"})}}))
    around = {"next": "https://evil.example/things?x=1"}
    scripted.answer = lambda request: Answer(200, {"data": [{"id": each} for each in range(23)], **around})
    for limit in (5, 23, 50):
        pages = await walk(client, await only(client), limit=limit)
        assert ids(pages) == [*range(23)]
        assert "named this very page" in pages[-1]["truncated"][0]["advice"]


async def test_a_vendor_that_ignores_the_offset_gives_its_whole_list(
    imported: Import, scripted: ScriptedVendor
) -> None:
    way = {"offset": "integer", "limit": "integer"}
    client = await imported(described({"/things": {"get": a_list(way)}}))
    scripted.answer = lambda request: Answer(200, [{"id": number} for number in range(23)])
    assert ids(await walk(client, await only(client), limit=5)) == [*range(23)]


async def test_pages_of_items_that_are_all_the_same_are_shown(imported: Import, scripted: ScriptedVendor) -> None:
    way = {"page": "integer", "limit": "integer"}
    client = await imported(described({"/things": {"get": a_list(way)}}))
    scripted.answer = lambda request: Answer(200, [{"id": 0}] * 5)
    pages = await walk(client, await only(client), limit=5)
    assert ids(pages) == [0] * 10
    assert "truncated" in pages[1]


async def test_the_last_page_that_says_so_and_repeats_ends_the_walk(imported: Import, scripted: ScriptedVendor) -> None:
    way = {"page": "integer", "limit": "integer"}
    around = {"next": {"type": "string", "format": "uri"}, "count": {"type": "integer"}}
    client = await imported(described({"/things": {"get": a_list(way, **around)}}))

    def last(request: Request) -> Answer:
        page = min(int(request.one("page")), 2)
        return Answer(200, {"data": [{"id": page}], "next": "http://x/api/things?page=2" if page == 1 else None})

    scripted.answer = last
    assert ids(await walk(client, await only(client), limit=1)) == [1, 2]
