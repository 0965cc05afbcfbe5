"""Make the calls of a plan, and hold everything that they cause against what must be true of every call."""

import asyncio
import base64
import itertools
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from hypothesis import strategies as st

from accounts import bounded_json
from accounts.errors import NotJSON
from accounts.vendors.connection import Connection
from api.tools.problems import call_problem
from tests.generated.family import BASE_PATH, KEY
from tests.generated.strategies import TAMPERINGS, Plan, replies
from tests.mcp_client import McpClient
from tests.vendors.generated import GeneratedVendor, Reply, head_of
from tools.calling.invocation import CallResult, invoke
from tools.calling.sending.path_values import PLACEHOLDERS
from tools.calling.wording import explain
from tools.catalogue.tool import Tool
from tools.errors import CallFailed
from tools.record.notes import Caller
from tools.tokens import tokens_of

OWN_HEADERS = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length", "x-key", "range"}
MOST_WORDS = 8000
MOST_CALLS = 3
DISPOSITION = re.compile(rb'Content-Disposition: form-data; name="([^"]*)"(; filename="[^"]*")?')


class Untranslated(AssertionError):
    """An exception came out that is no CallFailed."""


class Escaped(AssertionError):
    """A request went where it should not, or carries what it should not."""


class Invalid(AssertionError):
    """A result is not what results are: JSON within the budget, an error for what was refused."""


@dataclass
class Stage:
    """Everything that calls need: tools, connections and servers of each family, and the vendor."""

    vendor: GeneratedVendor
    trap: GeneratedVendor
    tools: list[list[Tool]]
    connections: list[Connection]
    callers: list[Caller]
    clients: list[McpClient]
    outcomes: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    requests: int = 0
    last_cursor: str = "AAAA"

    async def walk(self, plan: Plan, data: st.DataObject) -> None:
        """Call, and on with each answer's cursor, up to MOST_CALLS; raise Untranslated, Escaped or Invalid."""
        given, cursor = plan.arguments, None
        for _ in range(MOST_CALLS):
            if cursor is not None:
                given = {**given, "next_cursor": self._tampered(cursor, data.draw(st.sampled_from(TAMPERINGS)))}
            reply = data.draw(replies(self.vendor.address, self.trap.address))
            text = await self._call(plan, given, reply, is_first=cursor is None)
            cursor = _next_cursor(text)
            if cursor is None or not isinstance(given, dict):
                return

    async def _call(self, plan: Plan, given: Any, reply: Reply, *, is_first: bool) -> str | None:
        """Make one call; return the result's text, None where the call failed."""
        tool = self.tools[plan.family][plan.tool]
        self.vendor.requests.clear()
        # On a connection that proved to be over, a GET is sent again.
        self.vendor.replies.extend([reply, reply])
        text = await (self._over_mcp(plan, tool, given) if plan.via_mcp else self._directly(plan, tool, given))
        self.vendor.replies.clear()
        self.calls += 1
        self.requests += len(self.vendor.requests)
        for raw in self.vendor.requests:
            _check_request(tool, raw, self.vendor.address, plan.family, linked=not is_first)
        self._check_trap(tool)
        if text is not None and self.vendor.requests:
            self._check_status(tool, reply.raw, is_first=is_first)
        return text

    def _check_trap(self, tool: Tool) -> None:
        """Let only the redirect of a download lead to another host, without anything of the account."""
        is_download = tool.method.answer == "file" and tool.read_only
        if self.trap.connections and not is_download:
            raise Escaped("another host was called")
        if any(KEY.encode() in raw for raw in self.trap.requests):
            raise Escaped("another host was given the account's credentials")
        self.trap.connections = 0
        self.trap.requests.clear()

    def _tampered(self, cursor: str, tampering: str) -> str:
        foreign, self.last_cursor = self.last_cursor, cursor
        match tampering:
            case "flipped":
                return ("B" if cursor[0] == "A" else "A") + cursor[1:]
            case "cut":
                return cursor[:-4]
            case "longer":
                return cursor + "AAAA"
            case "foreign":
                return foreign
            case "text":
                return "../../" + cursor[::-1]
            case _:
                return cursor

    async def _directly(self, plan: Plan, tool: Tool, given: Any) -> str | None:
        """Call as REST does; return the result's text, None where the call failed."""
        try:
            given = bounded_json.loads(json.dumps(given).encode())
        except NotJSON:
            self.outcomes["not JSON"] += 1
            return None
        connection, caller = self.connections[plan.family], self.callers[plan.family]
        try:
            async with asyncio.timeout(20):
                result = await invoke(tool, connection, given, caller, budget=plan.budget)
        except CallFailed as failed:
            self.outcomes[type(failed).__name__] += 1
            _check_failure(failed, tool)
            return None
        except Exception as failure:  # it is what is looked for
            raise Untranslated(f"{type(failure).__name__}: {failure}") from failure
        self.outcomes["result"] += 1
        _check_result(result, tool, plan.budget)
        return result.text

    async def _over_mcp(self, plan: Plan, tool: Tool, given: Any) -> str | None:
        """Call as a client of MCP does; return the result's text, None where the call failed."""
        message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": tool.name, "arguments": given}}
        async with asyncio.timeout(20):
            response = await self.clients[plan.family].post(json.dumps(message).encode())
        answer = _json(response.content)
        if response.status_code >= 500 or answer.get("error", {}).get("code") == -32603:
            raise Untranslated(f"MCP answered {response.status_code}: {response.text[:500]}")
        if "error" in answer:
            self.outcomes["MCP error"] += 1
            return None
        result = answer["result"]
        text: str = result["content"][0]["text"]
        if result["isError"]:
            self.outcomes["MCP isError"] += 1
            return None
        self.outcomes["MCP result"] += 1
        _check_text(text, 100_000)
        if tool.output and not isinstance(result.get("structuredContent"), dict):
            raise Invalid("structuredContent is missing")
        return text

    def _check_status(self, tool: Tool, raw: bytes, *, is_first: bool) -> None:
        """A result came: the vendor's status must be one of success, or say that a list is over."""
        status = int(raw.split(b" ", 2)[1])
        if 200 <= status < 300:
            return
        kind = tool.pager.kind if tool.pager else ""
        if not ((kind == "range" and status == 416) or (kind == "page" and status == 404 and not is_first)):
            raise Invalid(f"HTTP {status} became a result")


def _json(content: bytes | str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as problem:
        raise Invalid(f"not JSON: {problem}") from None


def _next_cursor(text: str | None) -> str | None:
    found = orjson.loads(text) if text else None
    cursor = found.get("next_cursor") if isinstance(found, dict) and "result_count" in found else None
    return cursor if isinstance(cursor, str) else None


def _check_text(text: str, budget: int) -> None:
    if (tokens := tokens_of(text.encode())) > budget:
        raise Invalid(f"{tokens} tokens exceed the budget of {budget}")
    if not isinstance(_json(text), dict):
        raise Invalid("the result is no object")


def _check_result(result: CallResult, tool: Tool, budget: int) -> None:
    _check_text(result.text, budget)
    found = orjson.loads(result.text)
    # A page without a cursor says why nobody knows whether it is the last.
    may_lack = {"next_cursor"} if found.keys() & {"remarks", "truncated"} else set()
    beside = {"truncated", "total_count", "envelope", "remarks"} | may_lack
    if tool.pager and found.keys() - beside != {"result", "next_cursor", "result_count"} - beside:
        raise Invalid(f"the page has {sorted(found)}")
    if tool.pager and found["result_count"] != len(found["result"]):
        raise Invalid("the count is not that of the items")
    if result.structured is not None and not isinstance(_json(result.structured), dict):
        raise Invalid("the structured result is no object")
    if result.file is not None:
        base64.b64decode(result.file.base64, validate=True)
        if len(result.file.text) > budget:
            raise Invalid("the file's text exceeds the budget")
    orjson.dumps(result.limits.values())


def _check_failure(failed: CallFailed, tool: Tool) -> None:
    words = explain(failed, tool_name=tool.name, vendor="Desk", read_only=tool.read_only)
    problem = call_problem(failed, tool, "Desk")
    _json(orjson.dumps(problem.document()))
    if not 400 <= problem.status <= 599:
        raise Invalid(f"a failure became HTTP {problem.status}")
    if not words or len(words) > MOST_WORDS or KEY in words:
        raise Invalid(f"these are no words: {words[:200]}")
    for value in problem.headers.values():
        if not value.isdecimal():
            raise Invalid(f"a header is {value!r}")


def _check_request(tool: Tool, raw: bytes, vendor: str, family: int, *, linked: bool) -> None:
    """Hold a request's very bytes against the tool's template."""
    try:
        method, target, headers, body = head_of(raw)
    except ValueError as problem:
        raise Escaped(f"{problem}: {raw[:200]!r}") from None
    if method != tool.method.http:
        raise Escaped(f"{method} instead of {tool.method.http}")
    path, _, query = target.partition("?")
    _check_path(tool, path, linked=linked and tool.pager is not None and tool.pager.kind == "link")
    _check_headers(tool, headers, body, vendor, family)
    pairs = parse_qsl(query, keep_blank_values=True)
    keys = [value for name, value in pairs if name == "key"]
    if family == 1 and keys != [KEY]:
        raise Escaped(f"the key in the query is {keys}")
    if not linked and "members" not in tool.method.query_styles.values():
        _check_query(tool, [name for name, _ in pairs])
    _check_body(tool, headers, body)


def _check_path(tool: Tool, path: str, *, linked: bool) -> None:
    if not path.startswith(BASE_PATH):
        raise Escaped(f"{path} is outside of {BASE_PATH}")
    asked, declared = path.removeprefix(BASE_PATH).split("/"), tool.method.path.split("/")
    if not linked and len(asked) != len(declared):
        raise Escaped(f"{path} has other segments than {tool.method.path}")
    for segment, template in zip(asked, asked if linked else declared, strict=True):
        values = (segment,) if linked else _values(segment, template)
        if values is None:
            raise Escaped(f"{segment} is not {template}")
        for value in values:
            _check_value(value)


def _values(segment: str, template: str) -> tuple[str, ...] | None:
    parts = [part if place % 2 else re.escape(part) for place, part in enumerate(PLACEHOLDERS.split(template))]
    pattern = "".join("(.+)" if place % 2 else part for place, part in enumerate(parts))
    found = re.fullmatch(pattern, segment)
    return found.groups() if found else None


def _check_value(value: str) -> None:
    decoded = value
    for _ in range(20):
        if decoded.partition(";")[0].strip() in {".", ".."} or set("/\\\r\n\0") & set(decoded):
            raise Escaped(f"{value} leaves its segment")
        decoded = unquote(decoded)


def _check_headers(tool: Tool, headers: list[tuple[str, str]], body: bytes, vendor: str, family: int) -> None:
    names = [name for name, _ in headers]
    declared = {name.lower() for name in tool.method.header_parameters.values()}
    if len(names) != len(set(names)) or set(names) - OWN_HEADERS - declared:
        raise Escaped(f"the headers are {names}")
    found = dict(headers)
    if found["host"] != vendor.removeprefix("http://") or (family == 0) != (found.get("x-key") == KEY):
        raise Escaped("host or key are others")
    if int(found.get("content-length", "0")) != len(body):
        raise Escaped("the length of the body is another")


def _check_query(tool: Tool, names: list[str]) -> None:
    known = {placement.wire_name for placement in tool.placements.values() if placement.in_query} | {"key"}
    pagination = tool.method.pagination or tool.definition.pagination
    known |= set(pagination.parameters) if tool.pager else set()
    for name in names:
        if name not in known and not any(name.startswith((f"{each}[", f"{each}.")) for each in known):
            raise Escaped(f"{name} is no parameter of this tool")


def _check_body(tool: Tool, headers: list[tuple[str, str]], body: bytes) -> None:
    media_type = dict(headers).get("content-type", "")
    names = {placement.wire_name for placement in tool.placements.values() if placement.in_body}
    match tool.method.body:
        case "json" if body:
            _json(body)
        case "form":
            for name, _ in parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body)):
                if not any(name == each or name.startswith((f"{each}[", f"{each}.")) for each in names):
                    raise Escaped(f"the form has {name}")
        case "multipart":
            _check_parts(body, media_type.partition("boundary=")[2].encode(), names)
        case "none" if body:
            raise Escaped("there is a body")


def _check_parts(body: bytes, boundary: bytes, names: set[str]) -> None:
    edge = b"--" + boundary
    if not boundary or not body.startswith(edge) or not body.endswith(edge + b"--\r\n"):
        raise Escaped("the multipart body is not one")
    for part in itertools.islice(body.split(edge + b"\r\n"), 1, None):
        lines = part.partition(b"\r\n\r\n")[0].split(b"\r\n")
        disposition = DISPOSITION.fullmatch(lines[0])
        if disposition is None or len(lines) != (2 if disposition[2] else 1):
            raise Escaped(f"a part begins with {lines[:3]}")
        name = disposition[1].decode()
        if not any(name == each or name.startswith((f"{each}[", f"{each}.")) for each in names):
            raise Escaped(f"a part is called {name}")
