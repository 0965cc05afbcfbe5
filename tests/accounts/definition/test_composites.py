"""Composites in a definition: what their steps cannot be is refused when it is loaded, with its place."""

import copy
from typing import Any

import pytest

from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from tests.bundles import read_bundle
from tests.fuse_desk import BUNDLE

DOCUMENT = read_bundle(BUNDLE.read_text())[0]
PLACE = "resources.contacts.methods.overview"
CASES = {"method": "cases.list", "arguments": {"contactid": "{contact.id}"}}


def with_step(name: str, **changed: Any) -> dict[str, Any]:
    """Return FuseDesk's definition with parts of one of the overview's steps changed, or a step added."""
    document = copy.deepcopy(DOCUMENT)
    steps = document["resources"]["contacts"]["methods"]["overview"]["composite"]["steps"]
    steps[name] = {**steps.get(name, {"label": "More", "calls": [CASES], "at": ["date"]}), **changed}
    return document


def problem(document: dict[str, Any]) -> str:
    with pytest.raises(DefinitionInvalid) as refused:
        parse_definition(document)
    (only,) = refused.value.problems
    return only


def test_what_comes_with_the_bundle_is_taken() -> None:
    composite = parse_definition(DOCUMENT).resources["contacts"].methods["overview"].composite
    assert composite is not None
    assert composite.arguments == ["id", "email", "name"]
    assert composite.methods == [
        "contacts.get",
        "contacts.list",
        "cases.list",
        "cases.get",
        "chats.list",
        "emails.list",
    ]


@pytest.mark.parametrize(
    ("step", "changed", "words"),
    [
        ("chats", {"calls": [{"method": "chats.lists"}]}, ".composite: chats.lists is not a resource and method"),
        ("chats", {"calls": [{"method": "chats.close"}]}, ".composite: chats.close writes, and a composite only reads"),
        ("chats", {"calls": [{"method": "cases.count"}]}, ".composite: cases.count is a count"),
        ("chats", {"calls": [{"method": "contacts.overview"}]}, ".composite: contacts.overview is a composite itself"),
        (
            "chats",
            {"calls": [{"method": "chats.get", "arguments": {"id": "{contcat.id}"}}]},
            "there is no step contcat",
        ),
        (
            "chats",
            {"calls": [{"method": "chats.get", "arguments": {"id": "{contact}"}}]},
            "{contact} is a record; name",
        ),
        ("chats", {"calls": [{"method": "chats.get", "arguments": {"id": "{emails.id}"}}]}, "emails has many records"),
        ("chats", {"calls": [{"method": "chats.get", "arguments": {"id": "{each.id}"}}]}, "say foreach"),
        ("chats", {"calls": [{"method": "chats.get", "arguments": {"id": "{id"}}]}, "a brace outside a {reference}"),
        ("chats", {"at": []}, "at: says where the records stand"),
        ("chats", {"one": ["id"]}, "one: one record stands by itself"),
        ("chats", {"entries": "messages"}, "entries: only a step with foreach"),
        ("chats", {"most": 101}, "less than or equal to 100"),
        ("case_messages", {"most": 11}, "most: foreach goes through at most 10 records"),
        ("case_messages", {"foreach": "contact"}, "foreach: contact is one record"),
        ("case_messages", {"foreach": "cases"}, "foreach: cases is no step"),
        ("chats", {"foreach": "case_messages", "most": 2}, "case_messages goes through records itself"),
        ("timeline", {}, "the result has a member of this name already"),
        ("chats", {"shows": ["id"]}, "is not a known key; did you mean show?"),
    ],
)
def test_a_mistake_in_a_step_is_told_with_its_place(step: str, changed: dict[str, Any], words: str) -> None:
    told = problem(with_step(step, **changed))
    assert words in told
    assert "overview" in told


def test_steps_that_need_each_other_are_refused() -> None:
    document = with_step("contact", calls=[{"method": "contacts.get", "arguments": {"id": "{company.id}"}}])
    steps = document["resources"]["contacts"]["methods"]["overview"]["composite"]["steps"]
    by_contact = {"method": "contacts.get", "arguments": {"id": "{contact.id}"}}
    steps["company"] = {"label": "Company", "one": [], "calls": [by_contact]}
    assert problem(document) == (f"{PLACE}.composite: steps: contact needs company needs contact; break the circle")


def test_more_requests_than_one_call_may_make_are_refused() -> None:
    document = with_step("case_messages", most=10)
    steps = document["resources"]["contacts"]["methods"]["overview"]["composite"]["steps"]
    steps["more_messages"] = {**steps["case_messages"], "most": 10}
    assert "they make up to 25 requests, and at most 20 are allowed" in problem(document)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"access": "write"}, "composite: only reads are put together; say access: read"),
        ({"path": "/v2/contacts"}, "path: a composite has steps instead; leave it out"),
        ({"composite": None}, "http is missing: only a composite has no request of its own"),
    ],
)
def test_a_composite_has_no_request_and_anything_else_has_one(changed: dict[str, Any], words: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    methods = document["resources"]["contacts"]["methods"]
    methods["overview"] = {**methods["overview"], **changed}
    assert problem(document) == f"{PLACE}: {words}"
