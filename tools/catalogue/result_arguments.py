"""The arguments that choose what of a result is shown: they are applied to the vendor's answer, and never sent."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from accounts.definition import Group, RecordHistory
from tools.catalogue.placement import PAGING_ARGUMENTS
from tools.catalogue.projection import FIELDS, Projection
from tools.catalogue.schemas.json_schemas import Schema

LAST, BEFORE_ENTRY = "last", "before_entry"
DETAIL, CONCISE, FULL = "detail", "concise", "full"
GROUP_BY = "group_by"
ATTACHMENT_ID, FROM_PAGE = "attachment_id", "from_page"
# The parts of a date by which items are counted.
PERIODS = ("day", "week", "month")
RESULT_ARGUMENTS = frozenset({FIELDS, LAST, BEFORE_ENTRY, DETAIL, GROUP_BY, ATTACHMENT_ID, FROM_PAGE})


def with_fields(schema: Schema, projection: Projection) -> Schema:
    """Return the schema of a tool's arguments with `fields`."""
    return _with_arguments(schema, {FIELDS: projection.argument()})


def with_detail(schema: Schema) -> Schema:
    """Return the schema with the argument that asks for every member; the instructions say what it does."""
    return _with_arguments(schema, {DETAIL: {"type": "string", "enum": [CONCISE, FULL]}})


def with_groups(schema: Schema, groups: Mapping[str, Group]) -> Schema:
    """Return the schema of a count's arguments with the groups that it knows."""
    named = (
        [name] if group.kind != "date" else [f"{name}:{period}" for period in PERIODS] for name, group in groups.items()
    )
    words = "What to count by; without it, only the number of all is told."
    return _with_arguments(schema, {GROUP_BY: {"type": "string", "enum": [*chain(*named)], "description": words}})


def with_history(schema: Schema, history: RecordHistory) -> Schema:
    """Return the schema with the arguments that choose entries of a record's history."""
    newest = f"Only so many newest entries of {history.path}."
    older = "Only entries before this number."
    return _with_arguments(
        schema,
        {
            LAST: {"type": "integer", "minimum": 1, "description": newest},
            BEFORE_ENTRY: {"type": "integer", "minimum": 2, "description": older},
        },
    )


def with_attachment(schema: Schema) -> Schema:
    """Return the schema with the arguments that choose a file of the record, and where its text begins."""
    own = "The id of one of its attachments."
    later = "Where a long text begins."
    added = {
        ATTACHMENT_ID: {"type": "string", "minLength": 1, "maxLength": 200, "description": own},
        FROM_PAGE: {"type": "integer", "minimum": 1, "description": later},
    }
    return {**_with_arguments(schema, added), "required": [*schema.get("required", ()), ATTACHMENT_ID]}


def _with_arguments(schema: Schema, added: dict[str, Any]) -> Schema:
    """Add arguments before those of paging; they do not count against the vendor's limit of members."""
    properties = dict(schema["properties"])
    paging = {name: properties.pop(name) for name in PAGING_ARGUMENTS if name in properties}
    if "maxProperties" in schema:
        schema = {**schema, "maxProperties": schema["maxProperties"] + len(added)}
    return {**schema, "properties": {**properties, **added, **paging}}
