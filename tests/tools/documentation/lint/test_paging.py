"""Where a list's paging and its record contradict each other."""

from typing import Any

import pytest

from accounts.definition import Definition, parse_definition
from tests.bundles import read_bundle
from tests.vendors.desk import DESK
from tools.documentation.lint import own_findings
from tools.models import Documentation

WORDS = "Lists the tickets of the desk as summaries: number, state, subject. Use it to find a ticket by its state."
TEXT = {"type": "string", "description": "Which of them is wanted."}
ITEM = {"type": "object", "properties": {"id": TEXT}}


def definition(**changed: Any) -> Definition:
    """Return the small definition, with `tickets.list` changed."""
    document, _ = read_bundle(DESK)
    methods = document["resources"]["tickets"]["methods"]
    methods["list"] = {"http": "GET", "path": "/tickets", "access": "read", **changed}
    return parse_definition(document)


def found(changed: dict[str, Any], **record: Any) -> list[str]:
    """Return the places where a contradiction is found."""
    texts = {"title": "List tickets", "description": WORDS, "response_schema": ITEM, **record}
    made = Documentation(resource="tickets", method="list", **texts)
    return [each.place for each in own_findings(definition(**changed), made, 200) if each.rule == "paging"]


def takes(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: TEXT}}


@pytest.mark.parametrize("name", ["page", "offset", "pageToken", "cursor", "page[number]"])
def test_an_argument_for_a_part_of_a_list_that_comes_whole_is_found(name: str) -> None:
    whole = {"pagination": {"kind": "none"}}
    assert found(whole, query_schema=takes(name)) == ["query_schema"]
    assert found({**whole, "paginated": False}, query_schema=takes(name)) == []
    assert found(whole, query_schema=takes("state")) == []


def test_a_schema_of_the_whole_answer_is_found() -> None:
    envelope = {"type": "object", "properties": {"data": {"type": "array", "items": ITEM}}}
    assert found({"result": "data.rows"}, response_schema=envelope) == ["response_schema"]
    assert found({"result": "data"}, response_schema=ITEM) == []
    assert found({}, response_schema=envelope) == []


def test_words_of_next_cursor_without_pages_are_found() -> None:
    words = f"{WORDS} Pass next_cursor back."
    assert found({"paginated": False}, description=words) == ["description"]
    assert found({}, description=words) == []
    assert found({"paginated": False}, description=words, query_schema=takes("next_cursor")) == []
