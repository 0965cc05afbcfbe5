"""What the result of a method holds: from its record's response schema, with what is added to the vendor's members."""

from collections.abc import Mapping

from accounts.definition import Composite, Definition, Lookup
from accounts.definition.composites import CANDIDATES, NOTE, PARTS, TIMELINE
from tools.catalogue.schemas.json_schemas import Schema, kinds_of
from tools.catalogue.schemas.output_schemas import result_schema
from tools.models import Documentation

# The result of a tool that counts.
COUNTED: Schema = {
    "type": ["object"],
    "properties": {
        "count": {"type": "integer"},
        "is_complete": {"type": "boolean"},
        "group_by": {"type": "string"},
        "time_zone": {"type": "string"},
        "groups": {
            "type": "array",
            "items": {"type": "object", "properties": {"value": {}, "name": {}, "count": {"type": "integer"}}},
        },
        "more_groups": {"type": "integer"},
        "note": {"type": "string"},
    },
}
# The result of a tool that downloads a record's file.
DOWNLOADED: Schema = {
    "type": ["object", "null"],
    "properties": {
        "file": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "name": {"type": "string"},
                "media_type": {"type": "string"},
                "bytes": {"type": "integer"},
            },
        },
        "text": {"type": "string"},
        "pages": {"type": "integer"},
        "note": {"type": "string"},
    },
}
# What is shown beside an id, and beside a list of ids.
NAME: Schema = {"type": ["string", "null"]}
NAMES: Schema = {"type": ["array", "null"], "items": {"type": ["string"]}}


def result_of(definition: Definition, record: Documentation, *, of_items: bool) -> Schema | None:
    """Return the loosened schema of a method's result, or of one item; None if nothing is documented."""
    method = definition.resources[record.resource].methods[record.method]
    if method.counts:
        return COUNTED
    if method.attachments_of:
        return DOWNLOADED
    if method.composite:
        return _composed(method.composite)
    result = result_schema(record.response_schema, of_items=of_items) if method.answer == "json" else None
    return None if result is None else _with_names(result, definition.lookups_of(record.resource))


def _with_names(schema: Schema, lookups: Mapping[str, Lookup]) -> Schema:
    """Return the schema of a record with the names that are shown beside its ids."""
    known = schema.get("properties", {})
    names = {
        lookup.shown_as or name: _names_beside(ids)
        for name, lookup in lookups.items()
        if (ids := [known[member] for member in lookup.members if member in known])
    }
    return {**schema, "properties": {**known, **names}} if names else schema


def _names_beside(ids: list[Schema]) -> Schema:
    """Return the schema of what is shown beside ids: a name, or a list of names beside a list of ids."""
    of_lists = ["array" in kinds_of(schema) for schema in ids]
    if not all(map(kinds_of, ids)) or any(of_lists) != all(of_lists):
        return {}
    return NAMES if all(of_lists) else NAME


def _composed(composite: Composite) -> Schema:
    """Return the schema of a composite's result: single records by themselves, all others in the timeline."""
    some: Schema = {"type": ["object"], "properties": {}}
    single = {name: some for name, step in composite.steps.items() if step.one is not None}
    return {
        "type": ["object"],
        "properties": {
            **single,
            TIMELINE: {"type": ["array"], "items": some},
            PARTS: some,
            CANDIDATES: {"type": ["array"], "items": some},
            NOTE: {"type": ["string"]},
        },
    }
