"""A tool in the forms in which it reaches models: MCP's, OpenAI's and Anthropic's."""

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from uuid import UUID

from cachetools import LRUCache, cached

from accounts.models import Integration
from tools.catalogue.compilation import HELD_CATALOGUES, Tool, catalogue_of
from tools.catalogue.costs import estimate_tokens


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
        **({"outputSchema": tool.output.schema} if tool.output else {}),
        "annotations": {
            "title": tool.title,
            "readOnlyHint": tool.read_only,
            "destructiveHint": tool.destructive,
            "idempotentHint": tool.idempotent,
            "openWorldHint": True,
        },
    }


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


def _revision_of(integration: Integration) -> tuple[UUID, int]:
    return integration.pk, integration.revision


@cached(LRUCache(HELD_CATALOGUES), key=_revision_of, lock=threading.Lock())
def tokens_of(integration: Integration) -> dict[str, int]:
    """Return roughly how many tokens each of an integration's tools costs a model, at the present revision."""
    return {tool.name: estimate_tokens(as_mcp(tool)) for tool in catalogue_of(integration)}
