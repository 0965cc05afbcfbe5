"""Search mode: clients find a server's tools by words and call them by name, since they are too many to list.

What is found and called is what the server's filters leave, with the same checks, record and errors as a direct call.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from accounts import bounded_json
from accounts.errors import BeyondLimits, NotJSON
from mcpservers.search.listing import FIND, MOST_FOUND, USUAL_FOUND, caller_of, tagged
from tools.calling.fitting import size_of
from tools.calling.results import CallResult
from tools.calling.shaping import ShownResult
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import InvalidArguments, UnknownTool
from tools.ratelimits import RateLimits
from tools.search.finding import MAX_QUERY, ToolFinder

# How many more are only named.
MOST_NAMED = 20
# What those get of the result, beside the tools with their inputSchema: one part of so many.
NAMED_SHARE = 8
# What a result has beside the tools in it, in hundredths of a token.
FRAME = 24_000
MAX_PROBLEMS = 8


@dataclass(frozen=True)
class SearchMode:
    """The tools of a server that clients find by words. `index` may hold others, which are never found."""

    tools: ToolSet
    index: ToolFinder = field(repr=False, compare=False)

    def find(self, arguments: Any, *, budget: int) -> CallResult:
        """Return the best matches within a budget in tokens; raise InvalidArguments."""
        query, limit = _read_search(arguments)
        ranked = self._ranked(query)
        found: list[dict[str, Any]] = []
        named, room = [], 100 * budget
        left = room - FRAME
        for place, tool in enumerate(ranked[: limit + MOST_NAMED]):
            entry, name = _entry(tool), {"name": tool.name, "title": tool.title}
            share = left - room // NAMED_SHARE if found else left
            if place < limit and (size := size_of(entry)) <= share:
                found.append(entry)
            elif (size := size_of(name)) <= left:
                named.append(name)
            else:
                break
            left -= size
        shown = {"tools": found, "matches": len(ranked), **({"others": named} if named else {})}
        advice = self._advice(len(ranked), len(found), limit, is_named=bool(named))
        return _result({**shown, "advice": advice} if advice else shown)

    def _ranked(self, query: str) -> list[Tool]:
        """Return the tools that match, best first; the one whose name is the query comes before all."""
        names = dict.fromkeys([query.strip(), *self.index.find(query)])
        return [self.tools.tools[name] for name in names if name in self.tools.tools]

    def _advice(self, matches: int, found: int, limit: int, *, is_named: bool) -> str:
        if not matches:
            return f"No tool matches. Try other words. There are {len(self.tools):,} tools{tagged(self.tools)}."
        if found < min(limit, matches):
            return "Not all fit. To read the inputSchema of one of the others, search for its name with limit 1."
        return "To read the inputSchema of one of the others, search for its name." if is_named else ""

    def chosen(self, caller: str, arguments: Any) -> tuple[Tool, Any]:
        """Return the tool that a caller's arguments name, and the arguments for it; raise InvalidArguments."""
        given = _object(caller, arguments)
        name, inner = given.pop("name", None), given.pop("arguments", None)
        problems = [f"{key}: is no argument of {caller}; the tool's own go into `arguments`." for key in given]
        if not isinstance(name, str):
            problems.insert(0, f"name: takes the name of a tool, as {FIND} gives it.")
        if problems or not isinstance(name, str):
            raise _invalid(caller, problems)
        return self._tool(caller, name), inner

    def _tool(self, caller: str, name: str) -> Tool:
        try:
            tool = self.tools.get(name)
        except UnknownTool as unknown:
            hint = f"Did you mean {unknown.nearest}?" if unknown.nearest else f"Ask {FIND} for what there is."
            raise _invalid(caller, [f"name: there is no tool {unknown.name}. {hint}"]) from None
        if caller_of(tool) != caller:
            does = "only reads" if tool.read_only else "writes"
            raise _invalid(caller, [f"name: {tool.name} {does}; call it with {caller_of(tool)}."])
        return tool


def _entry(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "call_with": caller_of(tool),
        "inputSchema": tool.input_schema,
        "annotations": {
            "readOnlyHint": tool.read_only,
            "destructiveHint": tool.destructive,
            "idempotentHint": tool.idempotent,
        },
    }


def _result(found: dict[str, Any]) -> CallResult:
    encoded = orjson.dumps(found)
    return CallResult(encoded.decode(), RateLimits(), cut=False, shown=ShownResult(found), structured=encoded)


def _read_search(arguments: Any) -> tuple[str, int]:
    """Return the words and the number of tools to find, or raise InvalidArguments."""
    given = _object(FIND, arguments)
    query, limit = given.pop("query", None), given.pop("limit", USUAL_FOUND)
    if isinstance(limit, str) and limit.isascii() and limit.isdigit():
        limit = int(limit[:3])
    problems = [*_search_problems(query, limit), *(f"{key}: is no argument of {FIND}." for key in given)]
    if problems:
        raise _invalid(FIND, problems)
    return query, limit


def _search_problems(query: Any, limit: Any) -> Iterator[str]:
    if not isinstance(query, str) or not query.strip() or len(query) > MAX_QUERY:
        yield f"query: takes words, at most {MAX_QUERY} characters."
    # JSON true and false are ints to Python.
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_FOUND:
        yield f"limit: takes a whole number from 1 to {MOST_FOUND}."


def _object(name: str, value: Any) -> dict[str, Any]:
    """Return arguments as a dict of one's own, without what is null; an object as JSON text is taken as meant."""
    if isinstance(value, str):
        try:
            value = bounded_json.loads_request(value.encode(errors="replace"))
        except (NotJSON, BeyondLimits):
            raise _invalid(name, ["arguments must be a JSON object."]) from None
    if value == []:  # an empty object of PHP's serialiser
        value = {}
    if value is not None and not isinstance(value, dict):
        raise _invalid(name, ["arguments must be a JSON object."])
    return {key[:64]: each for key, each in (value or {}).items() if each is not None}


def _invalid(name: str, problems: list[str]) -> InvalidArguments:
    return InvalidArguments(f"The arguments do not fit {name}.", problems=problems[:MAX_PROBLEMS])
