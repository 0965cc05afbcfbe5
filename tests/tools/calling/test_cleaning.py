"""What a definition has done to results: HTML members become text, members without a value are left out."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from hypothesis import given
from hypothesis import strategies as st

from accounts.definition import Shaping
from tests.bundles import load_bundle
from tests.mcp_client import McpClient
from tests.vendors.archive import archive_with
from tests.vendors.scripted import ScriptedVendor
from tools.calling.cleaning import cleaned

ODD = {
    "a": None,
    "b": "",
    "c": [],
    "d": {},
    "e": 0,
    "f": False,
    "g": [None, "", {}, {"x": None}],
    "h": {"i": {"j": ""}},
}
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        ("nothing", ODD),
        (
            "nulls",
            {"b": "", "c": [], "d": {}, "e": 0, "f": False, "g": [None, "", {}, {}], "h": {"i": {"j": ""}}},
        ),
        ("empty", {"e": 0, "f": False, "g": [None, "", {}, {}]}),
    ],
)
def test_members_without_a_value_are_left_out_as_the_definition_says(drop: Any, left: dict[str, Any]) -> None:
    assert cleaned(ODD, Shaping(drop=drop)) == left


@given(JSON, st.sampled_from(["nulls", "empty"]))
def test_no_item_of_a_list_is_ever_left_out(value: Any, drop: Any) -> None:
    shown = cleaned([value, value], Shaping(drop=drop))
    assert len(shown) == 2
    if isinstance(value, list):
        assert len(shown[0]) == len(value)


def test_members_with_html_become_text_wherever_they_lie() -> None:
    given = {
        "body": "<p>a</p><p>b &amp; c</p>",
        "title": "<b>",
        "in": [{"body": ["<i>x</i>", 7]}],
        "other": {"body": None},
    }
    shown = cleaned(given, Shaping(html=["body"]))
    assert shown == {"body": "a\n\nb & c", "title": "<b>", "in": [{"body": ["x", 7]}], "other": {"body": None}}


async def test_results_are_cleaned_and_a_method_may_have_its_own_rules(
    archive: McpClient, scripted: ScriptedVendor
) -> None:
    paper: dict[str, Any] = {"id": 1, "title": None, "body": "<p>one<script>no</script></p>", "pages": [], "extra": 0}
    scripted.body = json.dumps({"papers": [paper, {}]}).encode()
    listed = await archive.value("list_all_archive_papers")
    assert listed["result"] == [{"id": 1, "body": "one", "extra": 0}, {}]
    scripted.body = json.dumps(paper).encode()
    assert await archive.value("archive_papers_raw", {"id": "1"}) == paper


async def test_a_member_that_is_left_with_nothing_by_its_html_is_dropped_too(
    archive: McpClient, scripted: ScriptedVendor
) -> None:
    await sync_to_async(load_bundle)(archive_with("raw", shaping={"html": ["body"], "drop": "empty"}))
    scripted.body = b'{"id": 1, "body": "<p hidden>x</p>"}'
    assert await archive.value("archive_papers_raw", {"id": "1"}) == {"id": 1}
