"""The quality gate: whether a documentation record is good enough to become a tool, and if not, why.

It demands only what clients, vendors and the engine cannot do without; tools/documentation/lint judges how good a
record is beyond that.
"""

from collections.abc import Collection, Iterator
from typing import Any

import orjson

from accounts.definition import Definition, Method
from accounts.texts.invisible import invisible_problems
from tools.catalogue.composite_gate import argument_problems
from tools.catalogue.naming import CUSTOM, GROUPS, TOOL_NAME, tool_name
from tools.catalogue.placement import PAGING_ARGUMENTS, is_paginated, placement_problems
from tools.catalogue.schemas.clients import MAX_TOOL_CHARACTERS
from tools.catalogue.schemas.json_schemas import SchemaRefused, compile_validator, inline_references
from tools.catalogue.schemas.schema_problems import property_problems
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS

MIN_DESCRIPTION = 40
MIN_WORDS = 6
MAX_DESCRIPTION = 4000
MOST_NAMED = 20


def name_of(definition: Definition, record: Documentation) -> str:
    """Return the name of a record's tool: its own, or the one that follows from the definition."""
    singular = definition.singular(record.resource)
    return record.tool_name or tool_name(definition.name, record.resource, singular, record.method)


def problems_of(definition: Definition, record: Documentation) -> list[str]:
    """Return why a record fails the gate, one sentence each; empty if it passes."""
    resource = definition.resources.get(record.resource)
    if resource is None or record.method not in resource.methods:
        return [f"method: the definition has no {record.key}. It has: {_methods_near(definition, record)}."]
    return [
        *_name_problems(definition, record),
        *_word_problems(record),
        *(problem for name in CONTENT_FIELDS for problem in invisible_problems(name, getattr(record, name))),
        *property_problems(record.query_schema, place="query_schema"),
        *property_problems(record.body_schema, place="body_schema"),
        *_response_problems(record.response_schema),
        *placement_problems(definition, record),
        *argument_problems(definition, record),
        *_size_problems(record),
    ]


def missing_reads(method: Method | None, made: Collection[str]) -> list[str]:
    """Return the problem of a download whose records no tool reads; `made` are the methods that make tools."""
    return [
        f"method: it downloads files of records that {key} reads, and that makes no tool at present."
        for key in (method.attachments_of if method else ())
        if key not in made
    ]


def _methods_near(definition: Definition, record: Documentation) -> str:
    """Return the methods of a definition in words: those of the record's resource first, and not thousands."""
    resources = sorted(definition.resources.items(), key=lambda each: each[0] != record.resource)
    known = [f"{name}.{method}" for name, resource in resources for method in resource.methods]
    more = len(known) - MOST_NAMED
    return ", ".join(known[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _name_problems(definition: Definition, record: Documentation) -> Iterator[str]:
    if record.method in {*GROUPS, CUSTOM}:
        yield (
            f"method: {record.method} is also the name of a group that servers' filters know ({', '.join(GROUPS)}, "
            f"{CUSTOM}), so a filter could not tell them apart. Give the method another name in the definition."
        )
    name = name_of(definition, record)
    if not TOOL_NAME.fullmatch(name):
        yield f"tool_name: {name} must be at most 64 characters of a to z, 0 to 9 and _, or clients reject it."


def _word_problems(record: Documentation) -> list[str]:
    problems = []
    description = record.description.strip()
    if not record.title.strip():
        problems.append("title: is missing; people see it in their client's list of tools.")
    if not description:
        problems.append("description: is missing; the model chooses tools by it.")
    elif len(description) < MIN_DESCRIPTION or len(description.split()) < MIN_WORDS:
        problems.append(
            f"description: is too thin; say what it does, when to use it and what it returns, "
            f"in at least {MIN_DESCRIPTION} characters."
        )
    elif description.lower() == record.title.strip().lower():
        problems.append("description: only repeats the title.")
    elif len(description) > MAX_DESCRIPTION:
        problems.append(f"description: is longer than {MAX_DESCRIPTION} characters; models pay for each of them.")
    return problems


def _response_problems(schema: Any) -> Iterator[str]:
    """Yield what keeps a response schema from being used. Any type is allowed, since results have any."""
    try:
        inlined = inline_references(schema)
        compile_validator(inlined)
        size = len(orjson.dumps(inlined))
    except RecursionError:
        yield "response_schema: nested too deep."
    except (SchemaRefused, orjson.JSONEncodeError) as refused:
        yield f"response_schema: {str(refused).rstrip('.')}."
    else:
        if size > MAX_TOOL_CHARACTERS:
            yield (
                f"response_schema: has {size:,} characters with its references inlined; at most "
                f"{MAX_TOOL_CHARACTERS:,} are allowed. Leave out what nobody asks for."
            )


def _size_problems(record: Documentation) -> Iterator[str]:
    """Yield a problem if description and arguments are too large for one tool."""
    try:
        schemas = [inline_references(schema or {}) for schema in (record.query_schema, record.body_schema)]
        size = len(record.description) + sum(len(orjson.dumps(schema)) for schema in schemas)
    except (SchemaRefused, RecursionError, orjson.JSONEncodeError):
        return  # property_problems reports it
    if size > MAX_TOOL_CHARACTERS:
        yield (
            f"size: description and arguments have {size:,} characters with references inlined; at most "
            f"{MAX_TOOL_CHARACTERS:,} are allowed, as much as clients take for all tools together. Leave out "
            "arguments that are rarely needed."
        )


__all__ = ["PAGING_ARGUMENTS", "is_paginated", "name_of", "problems_of"]
