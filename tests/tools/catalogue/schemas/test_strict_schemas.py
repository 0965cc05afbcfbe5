"""Schemas for OpenAI's strict mode: what it asks for holds everywhere, nothing is lost, and what cannot be is told."""

from typing import Any

import jsonschema_rs
import pytest

from accounts.models import Integration
from tests.bundles import load_bundle
from tests.documentation import ROOT
from tools.catalogue.compilation import build
from tools.catalogue.formats import Format, listing_of
from tools.catalogue.schemas.json_schemas import kinds_of
from tools.catalogue.schemas.strict_schemas import NotStrict, strict_schema

WORDS = {"type", "description", "enum", "items", "properties", "required", "additionalProperties", "anyOf"}


def check(node: Any, place: str = "") -> None:
    """Assert what the mode asks of a node and of all inside it."""
    assert node.keys() <= WORDS, place
    assert ("type" in node) != ("anyOf" in node), place
    if "object" in kinds_of(node):
        assert node["additionalProperties"] is False, place
        assert node["required"] == [*node["properties"]], place
    for name, member in node.get("properties", {}).items():
        check(member, f"{place}.{name}")
    for branch in node.get("anyOf", []):
        check(branch, place)
    if "array" in kinds_of(node):
        check(node["items"], f"{place}[]")


def arguments(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": ["id"], "additionalProperties": False}


ID = {"type": "string", "minLength": 3, "maxLength": 9, "pattern": "^C"}


def test_words_that_the_mode_has_not_are_told() -> None:
    given = arguments(
        id=ID,
        limit={"type": "integer", "minimum": 1, "maximum": 100, "default": 20, "description": "How many."},
        status={"type": "string", "enum": ["open", "closed"]},
        kind={"const": 1, "type": "integer"},
        tags={"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 3},
        range={"type": "object", "properties": {"after": {"type": "string", "format": "date-time"}}},
        value={"type": ["string", "array"], "items": {"type": "string"}},
        owner={"oneOf": [{"type": "string"}, {"type": "integer"}]},
    )
    made = strict_schema(given)
    check(made)
    properties = made["properties"]
    assert properties["id"] == {
        "type": "string",
        "description": "At least 3 characters. At most 9 characters. Must match the regular expression `^C`.",
    }
    assert properties["limit"] == {
        "type": ["integer", "null"],
        "description": "How many. At least 1. At most 100. Default: 20.",
    }
    assert properties["status"] == {"type": ["string", "null"], "enum": ["open", "closed", None]}
    assert properties["kind"]["enum"] == [1, None]
    assert properties["range"]["anyOf"][1] == {"type": "null"}
    strict = jsonschema_rs.validator_for(made)
    nothing = dict.fromkeys(made["required"])
    assert strict.is_valid({**nothing, "id": "CAS"})
    assert not strict.is_valid({"id": "CAS"})
    assert not strict.is_valid(nothing)
    assert strict.is_valid({**nothing, "id": "CAS", "range": {"after": None}, "value": ["a"], "owner": 5})


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ({}, "argument: takes any value."),
        ({"type": "object", "properties": {}}, "argument: takes members of any name."),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}}, "of any name"),
        ({"type": ["string", "null"]}, "argument: null is a value of its own there"),
        ({"enum": ["a", None], "type": "string"}, "null is a value of its own"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "null is a value of its own"),
        ({"allOf": [{"type": "string"}]}, "argument: cannot be said without combining"),
        ({"type": "string", "anyOf": [{"type": "string", "pattern": "a"}]}, "cannot be said without combining"),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, "argument[].a: takes any value."),
        ({"type": "string", "enum": [str(number) for number in range(501)]}, "more properties or values"),
    ],
)
def test_what_cannot_be_strict_is_told_with_its_place(argument: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotStrict, match=reason.replace("[", r"\[").replace("]", r"\]")):
        strict_schema(arguments(id=ID, argument=argument))


def test_deep_schemas_and_open_arguments_are_not_strict() -> None:
    node: dict[str, Any] = {"type": "string"}
    for _ in range(5):
        node = {"type": "object", "properties": {"in": node}}
    with pytest.raises(NotStrict, match=r"in\.in\.in\.in: is nested deeper"):
        strict_schema(arguments(id=ID, **{"in": node}))
    with pytest.raises(NotStrict, match="arguments: takes members of any name"):
        strict_schema({**arguments(id=ID), "additionalProperties": True})


@pytest.mark.django_db
@pytest.mark.parametrize("vendor", ["fuse_desk", "freshdesk", "intercom", "zendesk"])
def test_the_tools_of_every_bundle_are_strict_or_say_why_not(vendor: str) -> None:
    load_bundle((ROOT / "integrations" / f"{vendor}.yaml").read_text())
    catalogue = build(Integration.objects.get(name=vendor))
    listing = listing_of(catalogue, Format.OPENAI_RESPONSES, strict=True)
    assert len(listing.tools) == len(catalogue) > 20
    for tool in listing.tools:
        assert tool["strict"] is (tool["name"] not in listing.not_strict)
        if tool["strict"]:
            check(tool["parameters"], tool["name"])
        else:
            assert tool["parameters"] == catalogue.get(tool["name"]).input_schema
    assert len(listing.not_strict) < len(listing.tools) / 2
