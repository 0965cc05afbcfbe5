"""Calls of a tool as its documentation gives examples of, for models that take such."""

from collections.abc import Iterable, Iterator
from typing import Any

from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.tool import Tool

MOST_EXAMPLES = 5
MOST_OF_PROBLEM = 300


def examples_of(tool: Tool) -> list[dict[str, Any]]:
    """Return the valid ones of the calls that a tool's documentation shows, or else those that its arguments make.

    None where the documentation has no examples, or not of all that is required.
    """
    calls = tool.examples or _made_of_arguments(tool)
    return [call for call in calls if isinstance(call, dict) and tool.validator.is_valid(call)]


def flaws_of_examples(tool: Tool) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the calls that a tool's documentation shows, each place with a sentence."""
    if len(tool.examples) > MOST_EXAMPLES:
        yield "examples", f"are more than {MOST_EXAMPLES}; models pay for each."
    for place, example in enumerate(tool.examples):
        for error in tool.validator.iter_errors(example):
            where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
            yield f"examples[{place}]{where}", f"does not fit the arguments: {error.message[:MOST_OF_PROBLEM]}."


def _made_of_arguments(tool: Tool) -> list[dict[str, Any]]:
    """Return a call with the required arguments alone, then one with all that have an example."""
    known = {name: example for name, schema in tool.input_schema["properties"].items() for example in _first(schema)}
    required = tool.input_schema.get("required", [])
    if not known or any(name not in known for name in required):
        return []
    calls = [{name: known[name] for name in required}, known]
    return calls if calls[0] and calls[0] != known else [known]


def _first(schema: Schema) -> Iterable[Any]:
    """Return the first example of an argument, in a list of its own; an empty one if there is none."""
    examples = schema.get("examples")
    return examples[:1] if isinstance(examples, list) else []
