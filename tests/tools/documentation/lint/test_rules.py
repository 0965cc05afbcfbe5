"""What the lint finds in one record, and what it leaves alone."""

from typing import Any

import pytest

from accounts.definition import Definition, parse_definition
from tests.bundles import read_bundle
from tests.vendors.desk import DESK
from tools.documentation.lint import own_findings, server_findings
from tools.models import Documentation

GOOD = (
    "Lists the tickets of the desk as summaries: number, state, subject and owner. Use it to find a ticket by its "
    "state; for all of one ticket use get_single_desk_ticket_by_id."
)
SAYS_NOTHING_NEW = "Returns a list of all the tickets, which is the list of tickets when you list tickets of it."
SAYS_NOT_WHEN = GOOD.replace("Use it to find", "One meets").replace("for all", "all").replace("use get", "get")
SAYS_NOT_WHAT = "Use it when a ticket is wanted whose number nobody knows, such as one that a person speaks of."
ID = {"type": "string", "description": "The ticket's number, as returned by list_all_desk_tickets."}


def definition(**method: Any) -> Definition:
    """Return the small definition, with parts of `tickets.delete` changed."""
    document, _ = read_bundle(DESK)
    methods = document["resources"]["tickets"]["methods"]
    methods["delete"] = {**methods["delete"], **method}
    return parse_definition(document)


def record(method: str = "list", **values: Any) -> Documentation:
    texts = {"title": "List tickets", "description": GOOD, "response_schema": {"type": "object", "properties": {}}}
    return Documentation(resource="tickets", method=method, **{**texts, **values})


def rules(made: Documentation, tokens: int | None = 200, **method: Any) -> list[str]:
    return [finding.rule for finding in own_findings(definition(**method), made, tokens)]


def argument(schema: dict[str, Any], name: str = "state", required: bool = False) -> list[str]:
    """Return what is found in a record with one argument."""
    schemas = {"type": "object", "properties": {name: schema}, "required": [name] if required else []}
    return rules(record(query_schema=schemas))


def test_a_good_record_has_no_finding() -> None:
    assert rules(record()) == []


@pytest.mark.parametrize("schema", [["state"], "state", 5, True])
def test_a_schema_that_is_no_object_is_left_to_the_gate(schema: Any) -> None:
    assert rules(record(query_schema=schema, body_schema=schema)) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"description": "Lists the tickets; use it to see number, state and owner."}, "description-thin"),
        ({"description": GOOD + " It holds more." * 80}, "description-long"),
        ({"description": SAYS_NOTHING_NEW}, "description-echo"),
        ({"description": SAYS_NOT_WHEN}, "description-when"),
        ({"description": SAYS_NOT_WHAT}, "description-result"),
        ({"description": f"{GOOD} A powerful way to work."}, "description-marketing"),
        ({"description": f"{GOOD} <p>See more.</p>"}, "description-markup"),
        ({"description": f"{GOOD} See [docs](https://desk.example/docs)."}, "description-markup"),
        ({"title": "list_all_desk_tickets"}, "title"),
        ({"title": "Tickets " * 10}, "title"),
        ({"tool_name": "desk_run"}, "name"),
        ({"tool_name": "desk_tickets_tickets_find"}, "name"),
        ({"tool_name": "desk_" + "x" * 55}, "name"),
        ({"response_schema": {}}, "response-undocumented"),
    ],
)
def test_words_that_serve_no_model_are_found(changed: dict[str, Any], rule: str) -> None:
    assert rules(record(**changed)) == [rule]


@pytest.mark.parametrize(
    ("schema", "name", "found"),
    [
        ({"type": "string"}, "state", ["argument-undescribed"]),
        ({"type": "string", "description": "The state."}, "state", ["argument-echo"]),
        ({"type": "string", "description": "Any content."}, "data", ["argument-vague"]),
        ({"description": "In which state the ticket has to be."}, "state", ["argument-type"]),
        ({"type": "string", "description": "One of `open`, `closed` or `new`."}, "state", ["argument-values"]),
        ({"type": "string", "description": "Possible values: open, closed, new."}, "state", ["argument-values"]),
        ({"type": "string", "description": "When the ticket was opened first."}, "opened_at", ["argument-format"]),
        ({"type": "string", "description": "Where the customer is reached."}, "email", ["argument-format"]),
        ({"type": "string", "description": "Which ticket is meant."}, "id", ["argument-example"]),
        ({"type": "string", "description": "Required. Whose tickets are wanted."}, "owner", ["argument-required"]),
    ],
)
def test_arguments_that_a_model_cannot_fill_in_are_found(schema: dict[str, Any], name: str, found: list[str]) -> None:
    assert argument(schema, name) == found


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"type": "string", "enum": ["open", "closed"], "description": "State."}, "state"),
        ({"type": "string", "format": "date-time", "description": "Only tickets opened later."}, "opened_at"),
        ({"type": "string", "description": "Ticket number, such as T-17."}, "id"),
        ({"type": "string", "description": "The contactId of another ticket."}, "id"),
        (ID, "id"),
        ({"type": "integer", "description": "How many hours it was open."}, "hours"),
        ({"type": "array", "items": {"type": "string"}, "description": "Labels that it has, all of them."}, "labels"),
        ({"type": "string", "description": "The vendor documents no list; take one that is in use."}, "kind"),
        ({"type": "string", "description": "Either end of the line must be reachable for it."}, "peer"),
    ],
)
def test_arguments_that_say_enough_are_left_alone(schema: dict[str, Any], name: str) -> None:
    assert argument(schema, name) == []


def test_what_is_required_is_not_called_optional() -> None:
    schema = {"type": "string", "description": "Optional. Whose tickets are wanted."}
    assert argument(schema, "owner", required=True) == ["argument-required"]


def test_something_that_is_created_needs_something() -> None:
    properties = {
        name: {"type": "string", "description": f"The {name} that people read."} for name in ("subject", "text")
    }
    made = record("create", title="Open a ticket", body_schema={"type": "object", "properties": properties})
    assert "argument-required" in rules(made)
    made.description += " Every field is optional."
    assert "argument-required" not in rules(made)


def test_arguments_inside_objects_and_behind_references_are_read() -> None:
    schema: dict[str, Any] = {
        "properties": {"window": {"$ref": "#/$defs/window"}},
        "$defs": {
            "window": {"type": "object", "description": "Days to look at.", "properties": {"a": {"type": "string"}}}
        },
    }
    (finding,) = own_findings(definition(), record(query_schema=schema), 200)
    assert (finding.rule, finding.place) == ("argument-undescribed", "query_schema.window.a")


def test_too_many_arguments_are_found() -> None:
    properties = {f"argument{n}": {"type": "integer", "description": "How many hours."} for n in range(30)}
    assert rules(record(query_schema={"properties": properties})) == ["arguments-many"]


@pytest.mark.parametrize(("tokens", "count"), [(None, 0), (1_000, 0), (1_001, 1), (2_501, 2)])
def test_a_dear_tool_costs_points(tokens: int | None, count: int) -> None:
    assert rules(record(), tokens) == ["tokens"] * count


DELETES = "Deletes a ticket of the desk with its whole conversation and all files. Use it for tickets that are spam."


def test_a_destructive_tool_says_so() -> None:
    silent = record("delete", title="Delete a ticket", description=DELETES, query_schema={"properties": {"id": ID}})
    assert rules(silent) == ["destructive-unsaid"]
    assert rules(silent, destructive=False) == []
    silent.description += " It cannot be undone."
    assert rules(silent) == []


def test_a_server_with_too_much_is_told_so() -> None:
    assert server_findings(40, 25_000) == []
    assert [words.split(" ")[0] for words in server_findings(41, 25_001)] == ["41", "About"]


def test_the_same_record_always_gets_the_same_findings() -> None:
    made = record(description="Gets it.", query_schema={"properties": {name: {} for name in "abcdef"}})
    assert own_findings(definition(), made, 9_000) == own_findings(definition(), made, 9_000)


def test_a_schema_that_the_gate_refuses_breaks_nothing() -> None:
    refused: list[dict[str, object]] = [
        {"properties": []},
        {"properties": {"a": 5}},
        {"$ref": "#/nowhere"},
        {"required": 5},
    ]
    for schema in refused:
        assert rules(record(query_schema=schema)) == []
