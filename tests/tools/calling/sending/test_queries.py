"""Arrays and objects in queries and forms, in each style, however deep."""

from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.path_values import path_value
from tools.calling.sending.queries import ParametersRefused, query_pairs, written

STYLES = ["repeat", "comma", "space", "pipe", "brackets", "indices", "dots", "members", "json"]
DEEP = {"a": [1, {"b": ["x", True]}], "c": {"d": None}}
# What the product reads as JSON holds no whole number beyond 64 bits: `accounts.bounded_json` makes a text of it.
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("style", "pairs"),
    [
        ("repeat", [("q", '{"a":[1,{"b":["x",true]}],"c":{"d":null}}')]),
        ("comma", [("q", 'a,[1,{"b":["x",true]}],c,{"d":null}')]),
        ("brackets", [("q[a][]", "1"), ("q[a][][b][]", "x"), ("q[a][][b][]", "true"), ("q[c][d]", "")]),
        ("indices", [("q[a][0]", "1"), ("q[a][1][b][0]", "x"), ("q[a][1][b][1]", "true"), ("q[c][d]", "")]),
        ("dots", [("q.a", "1"), ("q.a.1.b", "x"), ("q.a.1.b", "true"), ("q.c.d", "")]),
        ("members", [("a", "1"), ("b", "x"), ("b", "true"), ("d", "")]),
        ("json", [("q", '{"a":[1,{"b":["x",true]}],"c":{"d":null}}')]),
    ],
)
def test_an_object_goes_into_the_query_in_each_style(style: str, pairs: list[tuple[str, str]]) -> None:
    assert query_pairs("q", DEEP, style) == pairs


@pytest.mark.parametrize(
    ("style", "pairs"),
    [
        ("repeat", [("q", "1"), ("q", "é"), ("q", "[2]")]),
        ("comma", [("q", "1,é,[2]")]),
        ("space", [("q", "1 é [2]")]),
        ("pipe", [("q", "1|é|[2]")]),
        ("brackets", [("q[]", "1"), ("q[]", "é"), ("q[][]", "2")]),
        ("indices", [("q[0]", "1"), ("q[1]", "é"), ("q[2][0]", "2")]),
        ("dots", [("q", "1"), ("q", "é"), ("q.2", "2")]),
        ("members", [("q", "1"), ("q", "é"), ("q", "2")]),
        ("json", [("q", '[1,"é",[2]]')]),
    ],
)
def test_an_array_goes_into_the_query_in_each_style(style: str, pairs: list[tuple[str, str]]) -> None:
    if style == "repeat":
        pairs = [("q", "1"), ("q", "é"), ("q", "2")]
    assert query_pairs("q", [1, "é", [2]], style) == pairs


@given(VALUES, st.sampled_from(STYLES))
def test_whatever_is_put_into_a_query_comes_out_as_it_was_written(value: Any, style: str) -> None:
    pairs = [(name, text) for name, text in query_pairs("q", value, style) if name]
    query = written(pairs)
    assert query.isascii()
    assert parse_qsl(query, keep_blank_values=True, errors="strict") == pairs


@given(
    st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1),
    st.sampled_from(["comma", "space", "pipe", "tab"]),
)
def test_the_items_of_a_list_can_be_told_apart_whatever_they_contain(items: list[str], style: str) -> None:
    separator = {"comma": ",", "space": "%20", "pipe": "%7C", "tab": "%09"}[style]
    [pair] = query_pairs("q", items, style)
    name, _, sent = written([pair]).partition("=")
    assert (name, sent) == ("q", separator.join(quote(item, safe="") for item in items))
    if style == "comma":
        assert [unquote(part) for part in sent.split(",")] == items


@given(
    st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=20), max_size=4),
    st.sampled_from(["comma", "label", "label_exploded", "matrix", "matrix_exploded"]),
    st.booleans(),
)
def test_a_list_in_a_path_stays_in_its_segment(items: list[str], style: str, with_slashes: bool) -> None:
    try:
        text = path_value("a", items, style, with_slashes=with_slashes)
    except ParametersRefused:
        return
    assert "/" not in text
    assert not {"?", "#", "\\", " "} & set(text)
    beginning, separator = {
        "comma": ("", ","), "label": (".", ","), "label_exploded": (".", "."), "matrix": (";a=", ","),
        "matrix_exploded": (";a=", ";a="),
    }[style]  # fmt: skip
    assert text.startswith(beginning)
    if style != "label_exploded" and not with_slashes:
        assert [unquote(part) for part in text.removeprefix(beginning).split(separator)] == items
    for part in text.split(separator):
        assert unquote(part) not in {"..", "."} or style.startswith("label")


async def test_styles_of_a_definition_reach_the_vendor(archive: McpClient, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"papers": []}'
    given = {"filter": {"year": 2026, "with": ["a", "b"]}, "where": [{"k": 1}, "x"], "tags": ["t|1", "t2"]}
    await archive.value("list_all_archive_papers", given)
    assert scripted.last.parameters == [
        ("year", "2026"), ("with", "a"), ("with", "b"), ("where[0][k]", "1"), ("where[1]", "x"), ("tags", "t|1|t2"),
        ("api_key", "archive-secret"),
    ]  # fmt: skip


@pytest.mark.parametrize("member", ["api_key", "tags", "where"])
async def test_members_that_stand_alone_do_not_pass_for_another_parameter(
    archive: McpClient, scripted: ScriptedVendor, member: str
) -> None:
    words = await archive.failure("list_all_archive_papers", {"filter": {member: "forged"}})
    assert f"filter: cannot have a member '{member}'" in words
    assert scripted.received == []


async def test_a_header_parameter_goes_into_its_header_alone(archive: McpClient, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"papers": []}'
    await archive.value("list_all_archive_papers", {"language": "de, en;q=0.5"})
    assert scripted.last.header("accept-language") == ["de, en;q=0.5"]
    assert [name for name, _ in scripted.last.parameters] == ["api_key"]


@pytest.mark.parametrize("value", ["de\r\nX-Key: forged", "de\nx", "é", " ", " de", "x" * 1001, "a\x00b", "\t"])
async def test_a_value_that_would_leave_its_header_is_refused(
    archive: McpClient, scripted: ScriptedVendor, value: str
) -> None:
    words = await archive.failure("list_all_archive_papers", {"language": value})
    assert "language: goes into a request header, which takes one line of ASCII" in words
    assert scripted.received == []
