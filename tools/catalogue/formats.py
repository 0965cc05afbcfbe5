"""A tool in the forms in which it reaches models: MCP's, OpenAI's and Anthropic's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tools.catalogue.examples import examples_of
from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.schemas.strict_schemas import NotStrict, strict_schema
from tools.catalogue.tool import Tool

Listed = dict[str, Any]


class Format(StrEnum):
    """The form of a listing."""

    MCP = "mcp"
    OPENAI = "openai"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"


def as_mcp(tool: Tool) -> Listed:
    """Return a tool as MCP's `tools/list` carries it. Every hint is explicit, since clients' defaults differ."""
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        **({"outputSchema": tool.output.listed} if tool.output else {}),
        "annotations": {
            "readOnlyHint": tool.read_only,
            "destructiveHint": tool.destructive,
            "idempotentHint": tool.idempotent,
            "openWorldHint": True,
        },
    }


def without_output(listed: Listed) -> Listed:
    """Return a tool as `tools/list` carries it, without its outputSchema, by which programs validate results."""
    return {name: value for name, value in listed.items() if name != "outputSchema"}


def as_openai(tool: Tool, parameters: Schema, *, strict: bool | None) -> Listed:
    """Return a tool as an item of `tools` in a request to OpenAI's Chat Completions API."""
    said = {} if strict is None else {"strict": strict}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters, **said}
    return {"type": "function", "function": function}


def as_openai_responses(tool: Tool, parameters: Schema, *, strict: bool | None) -> Listed:
    """Return a tool as an item of `tools` in a request to OpenAI's Responses API, where it is strict unless it says."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters,
        "strict": bool(strict),
    }


def as_anthropic(tool: Tool) -> Listed:
    """Return a tool as an item of `tools` in a request to Anthropic's Messages API."""
    examples = examples_of(tool)
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.input_schema,
        **({"input_examples": examples} if examples else {}),
    }


FORMS: dict[Format, Callable[[Tool], Listed]] = {Format.MCP: as_mcp, Format.ANTHROPIC: as_anthropic}
# The forms that may be strict. Anthropic takes few strict tools: it compiles those of a request into one grammar.
STRICT_FORMS: dict[Format, Callable[..., Listed]] = {
    Format.OPENAI: as_openai,
    Format.OPENAI_RESPONSES: as_openai_responses,
}


@dataclass(frozen=True)
class Listing:
    """Tools in a form. `not_strict` says of tools that cannot be strict, by name, why; they are listed without it."""

    tools: list[Listed]
    not_strict: dict[str, str] = field(default_factory=dict)


def listing_of(tools: Iterable[Tool], form: Format, *, strict: bool = False) -> Listing:
    """Return tools in a form, strict as far as they can be if that is asked for."""
    if form in FORMS:
        return Listing([FORMS[form](tool) for tool in tools])
    listing = Listing([])
    for tool in tools:
        parameters, reason = _strict_of(tool) if strict else (None, "")
        if reason:
            listing.not_strict[tool.name] = reason
        said = parameters is not None if strict else None
        listing.tools.append(STRICT_FORMS[form](tool, parameters or tool.input_schema, strict=said))
    return listing


def _strict_of(tool: Tool) -> tuple[Schema | None, str]:
    """Return the strict schema of a tool's arguments, or why there is none."""
    try:
        return strict_schema(tool.input_schema), ""
    except NotStrict as reason:
        return None, str(reason)
