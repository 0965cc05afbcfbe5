"""One pass over records shows what three would: names beside ids, then the members asked for, then cleaned."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accounts.definition import Shaping
from accounts.vendors.record_pages import RecordPage
from tools.calling.cleaning import cleaned
from tools.calling.names import ShownName
from tools.calling.presenting import Presentation
from tools.catalogue.projection import Tree, kept, tree_of

DEPARTMENTS = ShownName("department", {"1": "Sales", "2": "Returns (inactive)"})
REPS = ShownName("rep", {"1": "Ada <Ops>"})
NAMES = {"departmentid": DEPARTMENTS, "repid": REPS}
MEMBERS = ["id", "departmentid", "department", "repid", "body", "tags", "rep"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.sampled_from(["", "<p>a &amp; b</p>", "1", 1, 2, 3, False]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=7)
PATHS = st.lists(st.sampled_from([*MEMBERS, "tags.id", "body.tags.rep"]), max_size=5)


def named(record: Any) -> Any:
    """Return a record with each name behind its id, unless it has a member of that name."""
    if not isinstance(record, dict):
        return record
    shown: dict[str, Any] = {}
    for member, value in record.items():
        shown[member] = value
        found = NAMES.get(member)
        if found and found.shown_as not in record and str(value) in found.by_id:
            shown[found.shown_as] = found.by_id[str(value)]
    return shown


@given(
    st.lists(RECORDS | VALUES, max_size=5) | RECORDS | VALUES,
    st.none() | PATHS.map(tree_of),
    st.sampled_from(["nothing", "nulls", "empty"]),
    st.sampled_from([[], ["body"], ["rep", "tags"]]),
)
def test_one_pass_shows_what_three_would(result: Any, tree: Tree | None, drop: Any, html: list[str]) -> None:
    shaping = Shaping(drop=drop, html=html)
    in_turn = [named(each) for each in result] if isinstance(result, list) else named(result)
    shown = Presentation(tree, NAMES, shaping).of(result)
    expected = cleaned(kept(in_turn, tree), shaping)
    assert shown == expected
    assert repr(shown) == repr(expected)  # the order of members too


def test_the_address_of_a_records_page_stands_behind_the_member_that_it_has() -> None:
    page = RecordPage("https://desk.example/", "id", "/view")
    rows = [{"id": 7, "url": "https://api.example/7"}, {"id": "a b", "name": "x"}, {"id": None}, {"name": "y"}]
    assert Presentation(None, {}, Shaping(drop="nulls"), page).of(rows) == [
        {"id": 7, "url": "https://desk.example/7/view"},
        {"id": "a b", "url": "https://desk.example/a%20b/view", "name": "x"},
        {},
        {"name": "y"},
    ]
    asked_for = Presentation(tree_of(["url"]), {}, Shaping(), page)
    assert asked_for.of(rows[:1]) == [{"url": "https://desk.example/7/view"}]
    assert Presentation(tree_of(["name"]), {}, Shaping(), page).of(rows) == [{}, {"name": "x"}, {}, {"name": "y"}]


def test_the_name_of_an_id_that_is_not_shown_is_shown_where_it_was_asked_for() -> None:
    rows = [{"id": 7, "departmentid": 2}, {"id": 8, "departmentid": 9}, {"id": 9, "departmentid": None}]
    shown = Presentation(tree_of(["id", "department"]), NAMES, Shaping(drop="nothing")).of(rows)
    assert shown == [{"id": 7, "department": "Returns (inactive)"}, {"id": 8}, {"id": 9}]
