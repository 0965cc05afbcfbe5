"""Examples of a tool's calls, as the documentation of its arguments gives them."""

from typing import Any

import pytest

from tests.vendors.desk import desk_tool
from tools.catalogue.formats import Format, listing_of
from tools.catalogue.schemas.json_schemas import Schema


def examples(properties: Schema, *required: str, shown: list[Any] | None = None) -> Any:
    """Return the examples of a tool with these arguments, as the listing for Anthropic has them."""
    schema = {"type": "object", "properties": properties, "required": [*required]}
    tool = desk_tool("tickets.create", body_schema=schema, examples=shown or [])
    return listing_of([tool], Format.ANTHROPIC).tools[0].get("input_examples")


TITLE = {"type": "string", "examples": ["Card refused", "Other"]}
STATE = {"type": "string", "enum": ["open"], "examples": ["open"]}
FULL = {"title": "Card refused", "state": "open"}


@pytest.mark.parametrize(
    ("properties", "required", "calls"),
    [
        ({"title": TITLE, "state": STATE}, ["title"], [{"title": "Card refused"}, FULL]),
        ({"title": TITLE, "state": STATE}, [], [FULL]),
        ({"title": TITLE, "note": {"type": "string"}}, ["title"], [{"title": "Card refused"}]),
        ({"title": TITLE, "note": {"type": "string"}}, ["note"], None),
        ({"title": {"type": "string"}}, ["title"], None),
        ({"title": {"type": "integer", "examples": ["no number"]}}, [], None),
        ({"title": TITLE, "state": {**STATE, "examples": ["ajar"]}}, ["title"], [{"title": "Card refused"}]),
    ],
)
def test_they_are_valid_calls_or_none(properties: Schema, required: list[str], calls: Any) -> None:
    assert examples(properties, *required) == calls


def test_those_of_the_record_come_in_the_place_of_those_of_arguments_and_only_valid_ones() -> None:
    shown = [{"title": "Parcel lost", "state": "open"}, {"state": "open"}, "Parcel lost"]
    assert examples({"title": TITLE, "state": STATE}, "title", shown=shown) == shown[:1]
