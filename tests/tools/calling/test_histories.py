"""Histories: nothing new is hidden by what is old or long, and what is left out can be asked for."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.definition import RecordHistory
from tests.mcp_client import McpClient
from tools.calling.histories import ShownEntries, newest_end, windowed
from tools.calling.shaping import shape_value
from tools.tokens import tokens_of

GET = "get_single_fuse_desk_case_by_id"
NEWEST = st.sampled_from(["first", "last"])


def notes(count: int, characters: int, *, newest: str = "last") -> list[dict[str, Any]]:
    """Return the entries of a history, numbered from the oldest."""
    entries = [
        {"number": n, "date": f"2026-11-{n % 28 + 1:02}T09:00:00Z", "text": "x" * characters}
        for n in range(1, count + 1)
    ]
    entries[0]["date"], entries[-1]["date"] = "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"
    return entries if newest == "last" else entries[::-1]


def shown_of(value: Any, budget: int, **arguments: int) -> Any:
    history = RecordHistory(path="history", newest="last")
    value, window = windowed(value, history, arguments)
    shaped = shape_value(value, budget=budget, window=window)
    assert tokens_of(shaped.encoded) <= budget
    return json.loads(shaped.text)


def numbers(entries: list[Any]) -> list[int]:
    return [entry["number"] for entry in entries]


@pytest.mark.parametrize("newest", ["first", "last"])
def test_long_texts_are_shortened_before_entries_go(newest: str) -> None:
    case = {"id": 1, "history": notes(40, 3000, newest=newest)}
    shown = json.loads(shape_value(case, budget=20_000).text)
    assert numbers(shown["history"]) == numbers(notes(40, 3000, newest=newest))
    [cut] = shown["truncated"]
    assert cut == {
        "path": "history", "shortened_texts": 40, "kept_characters": cut["kept_characters"],
    }  # fmt: skip
    assert cut["kept_characters"] > 1900


def test_where_an_argument_leads_to_longer_texts_it_is_named() -> None:
    window = ShownEntries("history", "last", newer=40, total=40)
    shown = json.loads(shape_value({"id": 1, "history": notes(40, 3000)}, budget=20_000, window=window).text)
    assert shown["truncated"][0]["advice"] == "Call again with a smaller last to see more of each."


def test_one_long_message_hides_nothing_else() -> None:
    history = notes(5, 100)
    history[1]["text"] = "y" * 120_000
    shown = shown_of({"id": 1, "history": history}, 20_000)
    assert numbers(shown["history"]) == [1, 2, 3, 4, 5]
    kept = len(shown["history"][1]["text"]) - 1
    assert shown["truncated"] == [{"path": "history[1].text", "kept_characters": kept, "total_characters": 120_000}]
    assert kept > 10_000


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.integers(2, 400), st.integers(0, 900), st.integers(1000, 6000), NEWEST)
def test_the_newest_and_the_oldest_entry_stay_and_what_is_missing_is_said(
    count: int, characters: int, budget: int, newest: str
) -> None:
    case = {"id": 1, "history": notes(count, characters, newest=newest)}
    shown = json.loads(shape_value(case, budget=budget).text)
    kept = sorted(numbers(shown["history"]))
    assert kept[-1] == count
    assert kept == [1, *range(count - len(kept) + 2, count + 1)]
    if len(kept) < count:
        [cut] = [cut for cut in shown["truncated"] if "missing" in cut]
        missing = sorted({*range(1, count + 1)} - {*kept})
        spread = f"entries {missing[0]}–{missing[-1]}" if len(missing) > 1 else f"entry {missing[0]}"
        assert cut["missing"] == f"{spread} of {count}, counted from the oldest"


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.integers(2, 300), st.integers(0, 1500), st.integers(1000, 6000))
def test_following_the_advice_shows_every_entry(count: int, characters: int, budget: int) -> None:
    case = {"id": 1, "history": notes(count, characters)}
    seen: set[int] = set()
    arguments: dict[str, int] = {}
    for _ in range(count):
        shown = shown_of(case, budget, **arguments)
        seen |= {*numbers(shown["history"])}
        advice = [cut["advice"] for cut in shown.get("truncated", []) if "missing" in cut]
        if not advice:
            break
        words = advice[0].rstrip(".").split()
        arguments = {name: int(number) for name, number in (word.split("=") for word in words if "=" in word)}
    assert seen == {*range(1, count + 1)}


def test_the_newest_end_is_known_by_dates() -> None:
    assert newest_end(notes(3, 1)) == "last"
    assert newest_end(notes(3, 1, newest="first")) == "first"
    assert newest_end([{"created_at": 1_764_000_000}, {"created_at": 1_764_000_001}]) == "last"
    assert newest_end([{"sentAt": 1_764_000_001_000}, {"sentAt": 1_764_000_000_000}]) == "first"
    undated: list[list[Any]] = [
        [{"a": 1}, {"a": 2}], [1, 2], [{"date": None}, {"date": "x"}], [{"date": 1e400}, {"date": 2}], [{}], [[], {}],
        [{"date": "2026-01-01"}, {"date": "2026-01-01"}], [{"update": "2026-01-01T00:00"}, {}],
    ]  # fmt: skip
    for unknown in undated:
        assert newest_end(unknown) is None


@pytest.mark.parametrize("newest", ["first", "last"])
def test_arguments_choose_entries_counted_from_the_oldest(newest: Any) -> None:
    case = {"box": {"history": notes(10, 1, newest=newest), "id": 1}}
    history = RecordHistory(path="box.history", newest=newest)

    def chosen(**arguments: int) -> tuple[list[int], str]:
        value, window = windowed(case, history, arguments)
        assert value["box"]["id"] == 1
        return sorted(numbers(value["box"]["history"])), window.remark

    assert chosen() == ([*range(1, 11)], "")
    assert chosen(last=3) == ([8, 9, 10], "box.history has entries 8–10 of 10, counted from the oldest.")
    assert chosen(last=1) == ([10], "box.history has entry 10 of 10, counted from the oldest.")
    assert chosen(before_entry=4)[0] == [1, 2, 3]
    assert chosen(before_entry=4, last=2)[0] == [2, 3]
    assert chosen(last=50) == ([*range(1, 11)], "")
    assert chosen(before_entry=50, last=50) == ([*range(1, 11)], "")


@pytest.mark.parametrize("case", [{}, {"history": None}, {"history": "none"}, {"history": []}, [], None, "text"])
def test_a_record_without_a_history_stays_as_it_is(case: Any) -> None:
    value, window = windowed(case, RecordHistory(path="history", newest="last"), {"last": 2})
    assert value == case
    assert not window.remark


async def test_a_model_asks_for_the_newest_entries(mcp: McpClient) -> None:
    whole = await mcp.value(GET, {"id": "CAS-89102"})
    entries = whole["history"]
    dates = [entry["date"] for entry in entries]
    assert all(one <= other for one, other in pairwise(dates))
    few = await mcp.value(GET, {"id": "CAS-89102", "last": 2})
    assert few["history"] == entries[-2:]
    assert few["remarks"] == [
        f"history has entries {len(entries) - 1}–{len(entries)} of {len(entries)}, counted from the oldest."
    ]
    older = await mcp.value(GET, {"id": "CAS-89102", "before_entry": 2, "fields": ["history"]})
    assert older["history"] == entries[:1]
    assert "last: 0 is less than the minimum of 1" in await mcp.failure(GET, {"id": "CAS-89102", "last": 0})
