"""The quality gate: a record that is not good enough makes no tool, and says why in words."""

from typing import Any

import pytest

from accounts.definition import Definition, parse_definition
from tests.bundles import read_bundle
from tests.vendors.desk import DESK, desk
from tools.catalogue.gate import MAX_DESCRIPTION, is_paginated, name_of, problems_of
from tools.catalogue.naming import group_of, tool_name
from tools.catalogue.schemas.clients import MAX_TOOL_CHARACTERS
from tools.models import Documentation

DEFINITION, RECORDS = desk()


def problems(key: str = "tickets.list", definition: Definition = DEFINITION, **changed: Any) -> list[str]:
    return problems_of(definition, Documentation(**{**RECORDS[key], **changed}))


@pytest.mark.parametrize("key", RECORDS)
def test_a_good_record_has_no_problem(key: str) -> None:
    assert problems(key) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"title": " "}, "title: is missing"),
        ({"description": ""}, "description: is missing"),
        ({"description": " \n "}, "description: is missing"),
        ({"description": "Lists tickets."}, "description: is too thin"),
        ({"description": "x" * 80}, "description: is too thin"),
        ({"description": "a b c d e f g"}, "description: is too thin"),
        ({"description": "x " * MAX_DESCRIPTION}, "description: is longer than 4000"),
        (
            {
                "title": "Lists the tickets of the desk, newest first.",
                "description": "lists the tickets of the desk, newest first. ",
            },
            "description: only repeats the title",
        ),
        ({"tool_name": "List Tickets"}, "tool_name: List Tickets must be at most 64"),
        ({"tool_name": "x" * 65}, "must be at most 64"),
        ({"tool_name": "tickets\n"}, "must be at most 64"),
        ({"resource": "nothing"}, "method: the definition has no nothing.list. It has: tickets.list"),
        ({"method": "nothing"}, "method: the definition has no tickets.nothing"),
        ({"query_schema": {"type": "array", "items": {}}}, "query_schema: must describe an object"),
        ({"query_schema": {"properties": {"limit": {}}}}, "query_schema: limit is added to every list tool"),
        ({"query_schema": {"properties": {"next_cursor": {}}}}, "query_schema: next_cursor is added"),
        ({"query_schema": {"properties": {"start": {}}}}, "query_schema: start is added to every list tool"),
        ({"query_schema": {"properties": {"size": {}}}}, "query_schema: size is added to every list tool"),
        ({"body_schema": {"properties": {"a": {}}}}, "body_schema: the definition says that this method takes no body"),
        ({"description": "Lists the tickets of the desk, the newest\u200b first."}, "description: holds an invisible"),
        (
            {"query_schema": {"properties": {"a": {"description": "\U000e0041"}}}},
            "query_schema.properties.a.description:",
        ),
        ({"response_schema": {"type": "nothing"}}, "response_schema: not a valid JSON Schema"),
        ({"response_schema": {"$ref": "https://elsewhere.example/x"}}, "response_schema: the reference https://else"),
        ({"response_schema": {"description": "x" * MAX_TOOL_CHARACTERS}}, "response_schema: has 100,0"),
        (
            {"query_schema": {"properties": {"a": {"type": "string", "description": "x" * MAX_TOOL_CHARACTERS}}}},
            "size: description and arguments have 100,",
        ),
    ],
)
def test_a_record_that_is_not_good_enough_says_why(changed: dict[str, Any], problem: str) -> None:
    assert any(problem in each for each in problems(**changed)), problems(**changed)


def test_a_path_parameter_must_be_documented() -> None:
    assert problems("tickets.get", query_schema={}) == ["query_schema: the path's {id} is not among the properties."]
    assert len(problems("tickets.link", query_schema={})) == 2


@pytest.mark.parametrize("response", [{}, {"type": "array", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {}}}])
def test_a_response_of_any_type_is_documented(response: dict[str, Any]) -> None:
    assert problems(response_schema=response) == []


@pytest.mark.parametrize("name", ["read", "write", "custom"])
def test_a_method_does_not_have_the_name_of_a_group_of_filters(name: str) -> None:
    document, _ = read_bundle(DESK)
    methods = document["resources"]["queues"]["methods"]
    document["resources"]["queues"]["methods"] = {**methods, name: methods["count"]}
    found = problems("queues.count", parse_definition(document), method=name)
    assert found[0].startswith(f"method: {name} is also the name of a group that servers' filters know")


def test_of_many_methods_those_of_the_records_resource_are_named_first() -> None:
    document, _ = read_bundle(DESK)
    tickets, queues = document["resources"]["tickets"], document["resources"]["queues"]
    document["resources"] = {**{f"queues_{n}": queues for n in range(1_000)}, "tickets": tickets}
    (found,) = problems("tickets.list", parse_definition({**document, "tool_tags": {}}), method="merge")
    assert found.startswith("method: the definition has no tickets.merge. It has: tickets.list, tickets.get, ")
    assert found.endswith(" more.")
    assert len(found) < 500


def test_every_reason_is_told_at_once() -> None:
    assert len(problems(title="", description="", tool_name="A", query_schema={"type": "array"})) == 4


def test_a_vendor_without_pages_may_use_the_words_of_paging() -> None:
    assert problems("queues.list", query_schema={"properties": {"start": {"type": "string"}}}) == []


@pytest.mark.parametrize(
    ("key", "paginated"), [("tickets.list", True), ("queues.count", False), ("tickets.get", False)]
)
def test_lists_are_paginated_unless_told(key: str, paginated: bool) -> None:
    assert is_paginated(DEFINITION, *key.split(".")) is paginated


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("list", "list_all_fuse_desk_cases"),
        ("get", "get_single_fuse_desk_case_by_id"),
        ("create", "create_a_fuse_desk_case"),
        ("update", "update_a_fuse_desk_case_by_id"),
        ("delete", "delete_a_fuse_desk_case_by_id"),
        ("reply", "fuse_desk_cases_reply"),
    ],
)
def test_names_follow_from_resource_and_method(method: str, name: str) -> None:
    assert tool_name("fuse_desk", "cases", "case", method) == name


def test_a_record_may_name_its_tool() -> None:
    assert (
        name_of(DEFINITION, Documentation(**{**RECORDS["tickets.link"], "tool_name": "link_tickets"})) == "link_tickets"
    )


@pytest.mark.parametrize(
    ("method", "group"),
    [
        ("list", "read"),
        ("get", "read"),
        ("create", "write"),
        ("update", "write"),
        ("delete", "write"),
        ("reply", "custom"),
    ],
)
def test_each_method_belongs_to_one_group(method: str, group: str) -> None:
    assert group_of(method) == group
