"""The tools that a server in search mode lists in place of its own: one that finds these, and callers of them.

Reads and writes have a caller each, since clients ask people by a tool's hints; the caller for writes is listed only
where there is a tool that writes.
"""

from collections import Counter
from typing import Any

from tools.catalogue.tool import Tool, ToolSet
from tools.search.finding import MAX_QUERY

FIND, READ, WRITE = "find_tools", "call_read_tool", "call_write_tool"
CALLERS = frozenset({READ, WRITE})
# How many tools are found with their inputSchema unless the caller says, and at most.
USUAL_FOUND = 5
MOST_FOUND = 20
MOST_TAGS = 40

NAMED = {"name": {"type": "string"}, "title": {"type": "string"}}
FOUND = {
    **NAMED,
    "description": {"type": "string"},
    "call_with": {"type": "string", "enum": [READ, WRITE]},
    "inputSchema": {"type": "object"},
    "annotations": {"type": "object"},
}
FINDINGS = {
    "type": "object",
    "properties": {
        "tools": {"type": "array", "items": {"type": "object", "properties": FOUND, "required": [*FOUND]}},
        "matches": {"type": "integer"},
        "others": {"type": "array", "items": {"type": "object", "properties": NAMED, "required": [*NAMED]}},
        "advice": {"type": "string"},
    },
    "required": ["tools", "matches"],
}


def caller_of(tool: Tool) -> str:
    """Return the name of the tool that calls this one."""
    return READ if tool.read_only else WRITE


def listed(tools: ToolSet, vendor: str) -> list[dict[str, Any]]:
    """Return the tools that stand for these of a vendor, as `tools/list` carries them."""
    return [
        _finder(tools, vendor),
        _caller(READ, f"Call a {vendor} tool that reads", tools, vendor),
        *([_caller(WRITE, f"Call a {vendor} tool that writes", tools, vendor)] if _writes(tools) else []),
    ]


def _writes(tools: ToolSet) -> bool:
    return any(not tool.read_only for tool in tools)


def _finder(tools: ToolSet, vendor: str) -> dict[str, Any]:
    title = f"Find {vendor} tools"
    query = {"type": "string", "minLength": 1, "maxLength": MAX_QUERY, "description": "Words, or the name of a tool."}
    limit = {
        "type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": USUAL_FOUND,
        "description": "How many come with description and inputSchema; others are only named.",
    }  # fmt: skip
    return {
        "name": FIND,
        "title": title,
        "description": (
            f"Find the {vendor} tools for a task by words: what to do, and to which kind of record. There are "
            f"{len(tools):,} tools{tagged(tools)}. Returns the best matches first, each with its inputSchema and the "
            "tool that calls it in call_with. If none fits, search again with other words."
        ),
        "inputSchema": _arguments({"query": query, "limit": limit}, "query"),
        "outputSchema": FINDINGS,
        "annotations": _hints(title, read_only=True, destructive=False, idempotent=True, open_world=False),
    }


def tagged(tools: ToolSet) -> str:
    """Return the most frequent tags with their numbers of tools, as a part of a sentence."""
    counts = Counter(tag for tool in tools for tag in tool.tags).most_common(MOST_TAGS)
    return f", tagged {', '.join(f'{tag} ({count})' for tag, count in counts)}" if counts else ""


def _caller(name: str, title: str, tools: ToolSet, vendor: str) -> dict[str, Any]:
    reads = name == READ
    does = "reads and changes nothing" if reads else "changes something, which may be final or reach people"
    called = {"type": "string", "maxLength": 64, "description": f"The tool's name, as {FIND} gives it."}
    given = {"type": "object", "description": "Its arguments, as its own inputSchema asks for them."}
    return {
        "name": name,
        "title": title,
        "description": (
            f"Call a {vendor} tool that {does}, by its name. Find it and its inputSchema with {FIND} first. Returns "
            "the tool's own result."
        ),
        "inputSchema": _arguments({"name": called, "arguments": given}, "name"),
        "annotations": _hints(
            title,
            read_only=reads,
            destructive=not reads,
            idempotent=reads and all(tool.idempotent for tool in tools if tool.read_only),
            open_world=True,
        ),
    }


def _arguments(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def _hints(title: str, *, read_only: bool, destructive: bool, idempotent: bool, open_world: bool) -> dict[str, Any]:
    return {
        "title": title,
        "readOnlyHint": read_only,
        "destructiveHint": destructive,
        "idempotentHint": idempotent,
        "openWorldHint": open_world,
    }
