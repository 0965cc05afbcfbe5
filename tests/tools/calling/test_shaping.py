"""Shaping: never more tokens than the budget, always JSON, and every cut named."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from tests.mcp_client import McpClient
from tests.tools.pages import ids, walk
from tests.vendors.scripted import ScriptedVendor
from tools.calling.shaping import ResultDocument, ShownResult, Surroundings, shape_page, shape_value
from tools.tokens import tokens_of

TICKETS = "list_all_desk_tickets"

LONG = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.integers(0, 2000))
KEYS = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=2), st.integers(1, 200))
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.text(max_size=40) | LONG,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(KEYS, inner, max_size=30),
    max_leaves=50,
)
BUDGETS = st.integers(1000, 4000)


def nested(depth: int, leaf: object) -> object:
    for _ in range(depth):
        leaf = {"inner": leaf, "beside": [1, "two"]}
    return leaf


GIANTS: dict[str, Any] = {
    "one long text": {"id": 1, "text": "x" * 300_000},
    "escapes": {"text": '"\\\n\x00\x1f' * 20_000},
    "emoji": {"text": "😀é日" * 100_000},
    "many members": {f"member_{count}": count for count in range(20_000)},
    "many long members": {f"member_{count}": "y" * 900 for count in range(500)},
    "long names": {f"{count}" * 2000: "z" * 5000 for count in range(30)},
    "one name": {"n" * 200_000: 1},
    "deep": nested(60, "x" * 200_000),
    "wide and deep": [[["x" * 100] * 50] * 20] * 5,
    "numbers": list(range(10**15, 10**15 + 20_000)),
    "truncated by the vendor": {"truncated": "by the vendor", "text": "x" * 200_000},
    "text alone": "x" * 300_000,
}


def cursors(total: int, more: bool = False) -> Callable[[int], str | None]:
    """Give the cursors of a page of `total` items, as long as those of a vendor with long ones."""
    return lambda kept: f"{kept}".rjust(400, "c") if kept < total or more else None


def read(shaped: ResultDocument, budget: int) -> Any:
    assert tokens_of(shaped.encoded) <= budget
    return json.loads(shaped.text)


@hypothesis_settings(max_examples=80, deadline=None)
@given(VALUES, BUDGETS)
def test_no_single_result_exceeds_the_budget_and_no_cut_is_silent(value: Any, budget: int) -> None:
    shaped = shape_value(value, budget=budget)
    shown = read(shaped, budget)
    whole = value if isinstance(value, dict) else {"result": value}
    assert shaped.cut is (shown != json.loads(orjson.dumps(whole)))
    assert not shaped.cut or shown["truncated"]


@hypothesis_settings(max_examples=80, deadline=None)
@given(st.lists(VALUES, max_size=12), BUDGETS, st.booleans())
def test_no_page_exceeds_the_budget_and_its_cursor_says_where_to_go_on(
    items: list[Any], budget: int, more: bool
) -> None:
    shaped = shape_page(items, cursors(len(items), more), budget=budget)
    shown = read(shaped, budget)
    kept = len(shown["result"])
    assert shown["result_count"] == kept
    assert kept > 0 or not items
    assert (shown["next_cursor"] is None) is (kept == len(items) and not more)
    assert shaped.cut is ("truncated" in shown)
    if kept > 1:
        assert shown["result"] == json.loads(orjson.dumps(items[:kept]))


@pytest.mark.parametrize("budget", [1000, 1300, 5000, 20_000])
@pytest.mark.parametrize("kind", GIANTS)
def test_a_giant_is_cut_to_something_that_still_says_much(kind: str, budget: int) -> None:
    giant = GIANTS[kind]
    for shaped in (
        shape_value(giant, budget=budget),
        shape_page([giant, giant], cursors(2), budget=budget),
    ):
        shown = read(shaped, budget)
        assert shown["truncated"]
        if kind not in {"one name", "long names"}:
            assert tokens_of(shaped.encoded) > budget * 0.4


def test_what_fits_is_not_touched() -> None:
    for value, text in (
        ({"a": [1, "é", None]}, '{"a":[1,"é",null]}'),
        ([1, 2], '{"result":[1,2]}'),
        ("text", '{"result":"text"}'),
        (None, '{"result":null}'),
    ):
        shaped = shape_value(value, budget=1000)
        assert (shaped.text, shaped.cut, shaped.shown) == (text, False, ShownResult(value))


# The names under which a result says something itself.
OWN = ["result", "next_cursor", "result_count", "total_count", "envelope", "remarks", "truncated"]
LOOKALIKES = st.dictionaries(st.sampled_from(OWN), VALUES, min_size=1, max_size=len(OWN))
BESIDE = st.builds(
    Surroundings,
    remarks=st.lists(st.text(min_size=1, max_size=20), max_size=3).map(tuple),
    total=st.none() | st.integers(0, 100),
    envelope=st.dictionaries(st.sampled_from(OWN), st.text(max_size=20), max_size=3),
)


@hypothesis_settings(max_examples=80, deadline=None)
@given(LOOKALIKES, BESIDE, st.integers(0, 5), st.integers(1000, 4000) | st.just(10**9))
def test_what_a_record_says_is_never_taken_for_what_the_result_says(
    record: dict[str, Any], beside: Surroundings, hidden: int, budget: int
) -> None:
    shaped = shape_value(record, budget=budget, beside=beside, hidden=hidden)
    read(shaped, budget)
    shown = shaped.shown
    assert (shown.total, shown.remarks, shown.hidden) == (beside.total, beside.remarks, hidden)
    assert (shown.cursor, shown.is_end) == (None, True)
    assert shaped.cut is bool(shown.cuts)
    assert shaped.cut or shown.value == record
    assert {*shown.value} <= {*record}
    page = shape_page([record] * 2, cursors(2), budget=budget, beside=beside, hidden=hidden)
    shown = page.shown
    assert (shown.total, shown.remarks, shown.hidden) == (beside.total, beside.remarks, hidden)
    assert (shown.cursor, shown.is_end) == (
        read(page, budget)["next_cursor"],
        read(page, budget)["next_cursor"] is None,
    )
    assert page.cut or shown.records == [record] * 2


def test_a_result_of_exactly_the_budget_is_not_cut() -> None:
    value = {"a": "7" * 1658}
    assert tokens_of(orjson.dumps(value)) == 1000
    assert not shape_value(value, budget=1000).cut
    assert shape_value({"a": value["a"] + "7"}, budget=1000).cut


def test_small_members_stay_whole_beside_a_long_one() -> None:
    value = {"id": "CAS-1", "details": "x" * 50_000, "status": "open", "tags": [1, 2, 3]}
    shown = read(shape_value(value, budget=1000), 1000)
    assert (shown["id"], shown["status"], shown["tags"]) == ("CAS-1", "open", [1, 2, 3])
    assert shown["details"].endswith("…")
    kept = len(shown["details"]) - 1
    assert shown["truncated"] == [{"path": "details", "kept_characters": kept, "total_characters": 50_000}]
    assert kept > 1500


def test_a_cut_names_the_path_to_it() -> None:
    value = {"case": {"history": [{"body": "7" * 9000}, {"body": "z"}]}}
    shown = read(shape_value(value, budget=1000), 1000)
    kept = shown["truncated"][0]["kept_characters"]
    assert shown["truncated"] == [{"path": "case.history[0].body", "kept_characters": kept, "total_characters": 9000}]
    assert shown["case"]["history"] == [{"body": "7" * kept + "…"}, {"body": "z"}]


def test_cuts_that_find_no_room_are_counted() -> None:
    shown = read(shape_value({f"m{count}": "x" * 500 for count in range(60)}, budget=1000), 2000)
    named = [cut for cut in shown["truncated"] if "path" in cut]
    assert len(named) + shown["truncated"][-1]["more_cuts"] == 60


def test_remarks_that_are_left_out_are_counted() -> None:
    shown = shape_value({}, budget=2000, beside=Surroundings(remarks=("a" * 400, *"bcdefg"))).value["remarks"]
    assert shown == [f"{'a' * 299}…", "b", "c", "d", "3 more remarks are left out."]
    assert shape_value({}, budget=2000, beside=Surroundings(remarks=(*"abcde",))).value["remarks"] == [*"abcde"]


def test_a_number_is_never_cut() -> None:
    value = {"big": 18446744073709551615, "text": "x" * 9000, "float": 1.2345678901234567e-300}
    shown = read(shape_value(value, budget=1000), 1000)
    assert (shown["big"], shown["float"]) == (value["big"], value["float"])


def test_the_vendors_own_word_truncated_is_kept_apart_from_ours() -> None:
    shown = read(shape_value(GIANTS["truncated by the vendor"], budget=1000), 1000)
    assert shown["result"]["truncated"] == "by the vendor"
    assert shown["truncated"][0]["path"] == "result.text"


def test_a_page_keeps_whole_items_first() -> None:
    items = [{"id": count, "text": "x" * 300} for count in range(20)]
    shown = read(shape_page(items, cursors(20), budget=1000), 1000)
    assert shown["result"] == items[: shown["result_count"]]
    assert shown["truncated"][0]["kept_items"] == shown["result_count"]
    assert "next_cursor" in shown["truncated"][0]["advice"]


class TestThroughTheProtocol:
    """The same, as a model gets it."""

    @pytest.mark.parametrize("budget", [1000, 2000])
    async def test_a_walk_with_a_tiny_budget_still_gives_every_case_exactly_once(
        self, mcp: McpClient, settings: Settings, budget: int
    ) -> None:
        everything = ids(await walk(mcp, "list_all_fuse_desk_cases", limit=100))
        settings.RESULT_TOKENS = budget
        found = ids(await walk(mcp, "list_all_fuse_desk_cases", limit=100))
        assert found == everything

    async def test_a_walk_over_items_that_are_too_large_each_still_shows_all_of_them(
        self, desk: McpClient, scripted: ScriptedVendor, settings: Settings
    ) -> None:
        settings.RESULT_TOKENS = 700
        scripted.body = orjson.dumps([{"id": count, "text": "x" * 20_000} for count in range(9)])
        pages = await walk(desk, "list_all_desk_queues")
        assert [page["result"][0]["id"] for page in pages] == list(range(9))
        assert all(page["truncated"] for page in pages)

    async def test_numbers_of_any_size_and_odd_texts_come_through(
        self, desk: McpClient, scripted: ScriptedVendor
    ) -> None:
        numbers = b'"n": 123456789012345678901234567890, "i": 18446744073709551615'
        scripted.body = b'{"ticket": {' + numbers + b', "t": "\\u0000\\ud83d\\ude00"}}'
        shown = await desk.value("get_single_desk_ticket_by_id", {"id": "1"})
        assert shown.pop("truncated")[0]["hidden_characters"] == 1
        assert shown == {"n": "123456789012345678901234567890", "i": 18446744073709551615, "t": "\\u{0}😀"}

    async def test_the_budget_holds_for_the_text_that_the_client_gets(
        self, desk: McpClient, scripted: ScriptedVendor, settings: Settings
    ) -> None:
        settings.RESULT_TOKENS = 700
        for giant in GIANTS.values():
            scripted.body = orjson.dumps({"ticket": giant})
            result = await desk.call("get_single_desk_ticket_by_id", {"id": "1"})
            assert tokens_of(result["content"][0]["text"].encode()) <= 700
            json.loads(result["content"][0]["text"])
