"""A tool in the forms in which it reaches models: MCP's, OpenAI's and Anthropic's."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from tools.catalogue.tool import Tool


class Format(StrEnum):
    """The form of a listing."""

    MCP = "mcp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"


def as_mcp(tool: Tool) -> dict[str, Any]:
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


def without_output(listed: dict[str, Any]) -> dict[str, Any]:
    """Return a tool as `tools/list` carries it, without its outputSchema, by which programs validate results."""
    return {name: value for name, value in listed.items() if name != "outputSchema"}


def as_openai(tool: Tool) -> dict[str, Any]:
    """Return a tool as an item of `tools` in a request to OpenAI's Chat Completions API."""
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema},
    }


def as_anthropic(tool: Tool) -> dict[str, Any]:
    """Return a tool as an item of `tools` in a request to Anthropic's Messages API."""
    return {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}


FORMS: dict[Format, Callable[[Tool], dict[str, Any]]] = {
    Format.MCP: as_mcp,
    Format.OPENAI: as_openai,
    Format.ANTHROPIC: as_anthropic,
}
