"""Finding tools by words: other verbs, other numbers, slips of the keys, words of arguments, and what goes first."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.catalogue.compilation import compile_tool
from tools.catalogue.tool import Tool
from tools.models import Documentation
from tools.openapi.proposal import propose
from tools.openapi.reading.document import read
from tools.search.finding import MAX_QUERY
from tools.search.index import ToolIndex

THINGS = ("invoice", "customer", "warehouse", "subscription", "shipment", "employee", "campaign", "discount")
VERBS = {
    "list": ["list", "browse", "find", "search for", "all the"],
    "get": ["get", "show", "look at", "fetch", "read"],
    "create": ["create", "add", "make", "new"],
    "update": ["update", "change", "edit", "modify"],
    "delete": ["delete", "remove", "drop", "erase", "discard"],
}
PLURAL = "{}s".format
DETAILS = {"invoice": "When the money is due.", "employee": "The nickname used among colleagues."}


def operation(summary: str, name: str, **more: Any) -> dict[str, Any]:
    return {"summary": summary, "tags": [name], "responses": {"200": {"description": "OK"}}, **more}


def described() -> dict[str, Any]:
    """A description with five operations on each thing, and an old way to list invoices."""
    paths: dict[str, Any] = {"/old_invoices": {"get": operation("List invoices", "invoice", deprecated=True)}}
    for name in THINGS:
        members = {"name": {"type": "string"}, "detail": {"type": "string", "description": DETAILS.get(name, "")}}
        content = {"application/json": {"schema": {"type": "object", "properties": members}}}
        body = {"requestBody": {"content": content}}
        identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths[f"/{PLURAL(name)}"] = {
            "get": operation(f"List {PLURAL(name)}", name),
            "post": operation(f"Create a {name}", name, **body),
        }
        paths[f"/{PLURAL(name)}/{{id}}"] = {
            "parameters": [identifier],
            "get": operation(f"Get a {name}", name),
            "patch": operation(f"Update a {name}", name, **body),
            "delete": operation(f"Delete a {name}", name),
        }
    return {"openapi": "3.0.3", "info": {"title": "Acme", "version": "1"}, "paths": paths}


def compiled() -> list[Tool]:
    proposal = propose(read(json.dumps(described())), name="acme", base_url="https://api.acme.example")
    return [compile_tool(proposal.definition, Documentation(**record)) for record in proposal.records]


TOOLS = compiled()
INDEX = ToolIndex(TOOLS)


def titles(query: str) -> list[str]:
    by_name = {tool.name: tool.title for tool in TOOLS}
    return [by_name[name] for name in INDEX.find(query)]


def wanted(kind: str, name: str) -> str:
    return f"List {PLURAL(name)}" if kind == "list" else f"{kind.capitalize()} a {name}"


@pytest.mark.parametrize(("kind", "verb"), [(kind, verb) for kind, verbs in VERBS.items() for verb in verbs])
def test_any_verb_for_an_action_finds_it_first(kind: str, verb: str) -> None:
    for name in THINGS:
        noun = PLURAL(name) if kind == "list" else name
        assert titles(f"{verb} {noun}")[0] == wanted(kind, name)


@given(name=st.sampled_from(THINGS), kind=st.sampled_from([*VERBS]))
def test_either_number_finds_the_thing(name: str, kind: str) -> None:
    for noun in (name, PLURAL(name)):
        assert wanted(kind, name) in titles(f"{kind} {noun}")[:3]


@given(name=st.sampled_from(THINGS), data=st.data())
def test_one_slip_of_the_keys_still_finds_the_thing(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 2))
    letter = data.draw(st.sampled_from("aeorstn"))
    slips = [name[:at] + name[at + 1 :], name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :],
             name[:at] + name[at + 1] + name[at] + name[at + 2 :]]  # fmt: skip
    for slip in slips:
        assert wanted("delete", name) in titles(f"delete {slip}")[:2]


@pytest.mark.parametrize(
    ("query", "name"), [("money due", "invoice"), ("nickname", "employee"), ("NICKNAMES of colleagues", "employee")]
)
def test_words_of_an_argument_find_what_takes_it(query: str, name: str) -> None:
    assert {*titles(query)[:2]} == {wanted("create", name), wanted("update", name)}


@pytest.mark.parametrize(
    ("word", "name"), [("bill", "invoice"), ("client", "customer"), ("staff", "employee"), ("coupons", "discount")]
)
def test_another_word_for_a_thing_finds_it_where_the_vendor_has_none(word: str, name: str) -> None:
    assert titles(f"delete {word}")[0] == wanted("delete", name)


def test_what_the_vendor_deprecated_comes_after_its_successor() -> None:
    found = INDEX.find("list invoices")
    paths = {tool.name: tool.method.path for tool in TOOLS}
    assert [paths[name] for name in found[:2]] == ["/invoices", "/old_invoices"]


def test_every_tool_is_found_first_by_its_own_name() -> None:
    assert [INDEX.find(tool.name)[0] for tool in TOOLS] == [tool.name for tool in TOOLS]


@given(st.text(max_size=2 * MAX_QUERY))
def test_any_text_is_searched_without_an_error(query: str) -> None:
    found = INDEX.find(query)
    assert len(found) == len({*found}) <= len(TOOLS)


def test_nothing_is_found_among_no_tools() -> None:
    assert ToolIndex([]).find("invoice") == []
