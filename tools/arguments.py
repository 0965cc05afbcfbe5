"""From a model's arguments to a request: checked against the tool's schema, parted into path, query and body."""

import difflib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

import jsonschema_rs
import orjson

from tools.catalogue import Tool
from tools.errors import InvalidArguments

MAX_PROBLEMS = 8
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
INTEGER = re.compile(r"-?[0-9]{1,18}")
EXACT_FLOATS = 2.0**53  # above it, a float no longer tells which whole number was meant
DECODINGS = 4
PLACEHOLDERS = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments in their places: `target` is the quoted path and query, `body` is encoded."""

    target: str
    body: bytes
    media_type: str


def check(tool: Tool, arguments: Any) -> dict[str, Any]:
    """Return the arguments as they will be used; raise InvalidArguments, naming each problem.

    Null stands for an argument left out. A number where text is wanted, and digits or 5.0 where a whole number
    is, are what models often send; they are taken as meant.
    """
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise _invalid(tool, ["arguments must be a JSON object."])
    properties = tool.input_schema["properties"]
    used = {
        name: _as_meant(value, properties[name]) if name in properties else value
        for name, value in arguments.items()
        if value is not None or name not in properties
    }
    if not tool.validator.is_valid(used):
        raise _invalid(tool, _problems(tool, used))
    return used


def _as_meant(value: Any, schema: dict[str, Any]) -> Any:
    wanted = schema.get("type")
    if wanted == "string" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if wanted == "integer" and isinstance(value, str) and INTEGER.fullmatch(value):
        return int(value)
    if wanted == "integer" and isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOATS:
        return int(value)
    return value


def _invalid(tool: Tool, problems: list[str]) -> InvalidArguments:
    return InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=problems[:MAX_PROBLEMS])


def _problems(tool: Tool, used: dict[str, Any]) -> list[str]:
    known = list(tool.input_schema["properties"])
    problems = []
    for name in used:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {nearest[0]}?" if nearest else f"it takes: {', '.join(known) or 'no arguments'}."
            problems.append(f"{name[:64]} is not an argument of this tool; {hint}")
    for name in tool.input_schema.get("required", []):
        if name not in used:
            problems.append(f"{name} is required.")
    for error in tool.validator.iter_errors({name: used[name] for name in used if name in known}):
        if list(error.instance_path):
            problems.append(_worded(error))
    return problems or ["they do not match the tool's inputSchema."]


def _worded(error: jsonschema_rs.ValidationError) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    return f"{place.lstrip('.')}: {error.message[:300]}."


def bind(tool: Tool, used: dict[str, Any], paging: list[tuple[str, str]]) -> Bound:
    """Put checked arguments in their places; raise InvalidArguments for a value that would leave its path segment."""
    path_values: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    body: dict[str, Any] = {}
    for name, placement in tool.placements.items():
        if name not in used:
            continue
        value = used[name]
        if placement.in_path:
            path_values[placement.wire_name] = _segment(tool, name, value)
        if placement.in_query:
            query += query_pairs(placement.wire_name, value, placement.query_style)
        if placement.in_body:
            body[placement.wire_name] = value
    target = PLACEHOLDERS.sub(lambda found: path_values[found.group(1)], tool.method.path)
    query += paging
    if query:
        target += "?" + "&".join(f"{quoted(name)}={quoted(value)}" for name, value in query)
    content, media_type = encode_body(tool.method.body, body)
    return Bound(target, content, media_type)


def quoted(text: str) -> str:
    """Return a text as it stands in a query (RFC 3986): everything but unreserved characters in percent encoding."""
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def _segment(tool: Tool, name: str, value: Any) -> str:
    """Quote a path value.

    Quoting alone does not hold it in its segment: clients and servers normalise dot segments, and some decode
    twice. So whatever decodes to a separator or a dot segment, however often it was encoded, is refused.
    """
    text = scalar(value)
    decoded = text
    # No id is encoded more often than this; each round costs the length of the text.
    for _ in range(DECODINGS):
        decoded = unquote(decoded)
    leaves = "/" in decoded or "\\" in decoded or decoded.partition(";")[0].strip() in {"", ".", ".."}
    if leaves or CONTROL.search(decoded) or unquote(decoded) != decoded:
        raise _invalid(tool, [f"{name}: {text[:80]!r} cannot be an id; take it from a result of this account's tools."])
    return quote(text, safe="")


def query_pairs(name: str, value: Any, style: str) -> list[tuple[str, str]]:
    """Return the query parameters for one argument, in a style of the definition."""
    if isinstance(value, dict):
        if style == "brackets":
            return [pair for key, child in value.items() for pair in query_pairs(f"{name}[{key}]", child, style)]
        return [(name, orjson.dumps(value).decode())]
    if isinstance(value, list):
        if style == "json":
            return [(name, orjson.dumps(value).decode())]
        if style == "comma":
            return [(name, ",".join(scalar(item) for item in value))]
        suffix = "[]" if style == "brackets" else ""
        return [(name + suffix, scalar(item)) for item in value]
    return [(name, scalar(value))]


def scalar(value: Any) -> str:
    """Return a value as it stands in a query or a form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)


def encode_body(body_format: str, body: dict[str, Any]) -> tuple[bytes, str]:
    """Return the body's bytes and media type; both are empty for a method without one."""
    if body_format == "json":
        return orjson.dumps(body), "application/json"
    if body_format == "form":
        pairs = [pair for name, value in body.items() for pair in query_pairs(name, value, "repeat")]
        return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
    return b"", ""
