"""Problems of a record's schema of arguments: by JSON Schema, and by the rules of clients that nothing can mend."""

from collections.abc import Iterator
from typing import Any

import orjson

from tools.catalogue.schemas.clients import unmendable
from tools.catalogue.schemas.json_schemas import (
    COMBINATORS,
    OF_A_BODY,
    OF_THE_WHOLE,
    UNSET,
    Schema,
    SchemaRefused,
    compile_validator,
    inline_references,
    walk,
)

BODY = "body_schema"


def property_problems(schema: Any, *, place: str) -> list[str]:
    """Return the problems of a schema of parameters: by JSON Schema, and by the rules that nothing here can mend."""
    if schema in UNSET:
        return []
    if not isinstance(schema, dict):
        return [f"{place}: must be a JSON object."]
    try:
        inlined = inline_references(schema)
        compile_validator(inlined)
        orjson.dumps(inlined)
    except RecursionError:
        return [f"{place}: nested too deep."]
    except (SchemaRefused, orjson.JSONEncodeError) as refused:
        return [f"{place}: {str(refused).rstrip('.')}."]
    if inlined.get("type", "object") != "object":
        return [f"{place}: must describe an object, since a tool takes one object of arguments."]
    return [*_problems_at_the_top(inlined, place), *_problems_below(inlined, place)]


def _problems_at_the_top(schema: Schema, place: str) -> Iterator[str]:
    for word in COMBINATORS:
        if word in schema:
            yield f"{place}: {word} at the top level is rejected by Claude."
    for word in OF_THE_WHOLE:
        if word in schema and not (place == BODY and word in OF_A_BODY):
            yield (
                f"{place}: {word} at the top level has no place in a tool's arguments; describe in words what it "
                "requires."
            )
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in properties:
            yield f"{place}: {name} is required, but not among the properties."
    for name, child in properties.items():
        if not isinstance(child, dict):
            yield f"{place}.{name}: must be an object; {{}} takes any value."


def _problems_below(schema: Schema, place: str) -> Iterator[str]:
    for path, node in walk(schema):
        yield from (f"{place}{path}: {found}" for found in unmendable(node))
