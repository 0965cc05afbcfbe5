"""Calls of a tool as its documentation gives examples of, for models that take such."""

from collections.abc import Iterable
from typing import Any

from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.tool import Tool


def examples_of(tool: Tool) -> list[dict[str, Any]]:
    """Return arguments made of the examples of single ones: the required alone, then all. Each is a valid call.

    None where the documentation has no examples, or not of all that is required.
    """
    known = {name: example for name, schema in tool.input_schema["properties"].items() for example in _first(schema)}
    required = tool.input_schema.get("required", [])
    if not known or any(name not in known for name in required):
        return []
    calls = [{name: known[name] for name in required}, known]
    distinct = calls if calls[0] and calls[0] != known else [known]
    return [call for call in distinct if tool.validator.is_valid(call)]


def _first(schema: Schema) -> Iterable[Any]:
    """Return the first example of an argument, in a list of its own; an empty one if there is none."""
    examples = schema.get("examples")
    return examples[:1] if isinstance(examples, list) else []
