"""The product's side: an imported operation as a tool, and what it sends for the oracle's values.

Of the compiled tool only names are read, to find the argument that stands for a parameter or member of the document.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from accounts.definition import Definition, OAuthAuthentication
from accounts.vendors.authentication import VendorAuthentication, bearer, fill, vendor_authentication
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse
from tests.oracle.cases import POSITIONS
from tests.oracle.reading import FORM, MULTIPART, Content, Operation, Parameter
from tests.oracle.sent import Ignored, Sent
from tests.oracle.writing import NOTHING, Call
from tools.calling.answers.answer import VendorAnswer
from tools.calling.answers.unpaged import with_signs_of_more
from tools.calling.paging import PageStep, step_of
from tools.calling.results import CallResult, page_result, single_result
from tools.calling.sending.binding import ToolRequest, bind
from tools.calling.sending.checking import check
from tools.catalogue.compilation import compile_tool
from tools.catalogue.input_schemas import Placement
from tools.catalogue.tool import Tool
from tools.models import Documentation
from tools.openapi.errors import DocumentInvalid
from tools.openapi.proposal import Proposal, propose
from tools.openapi.reading.document import read
from tools.pagination import NOT_PAGED
from tools.ratelimits import read_limits

BUDGET = 10**7

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
OWN_HEADERS = frozenset(
    {"accept", "accept-encoding", "user-agent", "content-type", "content-length", "host", "connection", "cookie"}
)
FORMS = {"form": FORM, "multipart": MULTIPART}


@dataclass(frozen=True)
class Subject:
    """A tool, and the operation of the document that it stands for."""

    tool: Tool
    operation: Operation
    connection: Connection = field(repr=False)

    @cached_property
    def content(self) -> Content | None:
        """The format of the body that the tool has; None for a tool without a body."""
        method = self.tool.method
        if method.body == "none":
            return None
        wanted = FORMS.get(method.body) or method.body_media_type or ""
        for each in self.operation.contents:
            if each.plain_type == wanted or (not wanted and each.is_json):
                return each
        return next((each for each in self.operation.contents if "*" in each.plain_type or not wanted), None)

    @cached_property
    def paging(self) -> list[str]:
        """The names of the parameters that paging sends."""
        if self.tool.pager is None:
            return []
        return [*(self.tool.method.pagination or self.tool.definition.pagination).parameters]

    @cached_property
    def pages_in_body(self) -> bool:
        pagination = self.tool.method.pagination or self.tool.definition.pagination
        return getattr(pagination, "send_in", "query") == "body"

    @cached_property
    def ignored(self) -> Ignored:
        authentication = self.tool.definition.authentication
        headers = {*authentication.header_names, *(name.lower() for name in self.tool.definition.headers)}
        query = {*authentication.query_names, *([] if self.pages_in_body else self.paging)}
        members = {name.partition(".")[0] for name in self.paging} if self.pages_in_body else set()
        members |= set(self.tool.method.fixed_body)
        shared = {each.wire_name for each in self.tool.placements.values() if each.in_body and _is_elsewhere(each)}
        members |= shared
        sent = self.connection.authentication.headers()
        cookies = {pair.partition("=")[0].strip() for name, value in sent.items() if name.lower() == "cookie"
                   for pair in value.split(";")}  # fmt: skip
        root = self.tool.method.body_root or ""
        return Ignored(
            frozenset(query), frozenset({*headers, *OWN_HEADERS}), frozenset(cookies), frozenset(members), root
        )

    @cached_property
    def skipped(self) -> set[tuple[str, str]]:
        """The parameters that no call gives: credentials, paging, headers of every call."""
        names = {(each.place, each.name) for each in self.operation.parameters if each.place == "header"
                 and each.name.lower() in self.ignored.headers}  # fmt: skip
        names |= {("query", name) for name in self.ignored.query}
        if self.tool.pager is not None:
            # Where a page begins is what `next_cursor` says.
            names |= {("query", each.name) for each in self.operation.parameters if POSITIONS.fullmatch(each.name)
                      and self.argument("query", each.name) is None}  # fmt: skip
        return names | {("cookie", name) for name in self.ignored.cookies}

    @cached_property
    def skipped_members(self) -> set[str]:
        return {name.partition(".")[0] for name in self.paging} if self.pages_in_body else set()

    @property
    def shared(self) -> dict[str, Parameter]:
        """The members of the body whose argument goes into a parameter as well, with the parameter."""
        both = {
            key: each.wire_name for key, each in self.tool.placements.items() if each.in_body and _is_elsewhere(each)
        }
        found = {self.argument(each.place, each.name): each for each in self.operation.parameters}
        return {wire_name: found[key] for key, wire_name in both.items() if key in found}

    def argument(self, place: str, name: str) -> str | None:
        """Return the argument for a parameter; None if there is none."""
        placed = self.tool.placements.items()
        match place:
            case "path":
                return self._by_position.get(name)
            case "query":
                return next((key for key, each in placed if each.in_query and _parameter(each) == name), None)
            case "header":
                return next((key for key, each in placed if each.header.lower() == name.lower()), None)
            case _:
                return next((key for key, each in placed if getattr(each, "cookie", "") == name), None)

    @cached_property
    def _by_position(self) -> dict[str, str]:
        """The arguments of the path, by the placeholder of the document that stands in the same place."""
        names = {each.wire_name: key for key, each in self.tool.placements.items() if each.in_path}
        own, documented = PLACEHOLDER.findall(self.tool.method.path), PLACEHOLDER.findall(self.operation.path)
        return {wire: names[mine] for wire, mine in zip(documented, own, strict=False) if mine in names}

    def arguments(self, call: Call) -> tuple[dict[str, Any], Call]:
        """Return the arguments for a call, and the call with one value where one argument goes to two places."""
        made: dict[str, Any] = {}
        for (place, name), value in call.parameters.items():
            argument = self.argument(place, name)
            if argument is not None:
                made[argument] = value
        if call.content is None or call.body is NOTHING:
            return made, call
        method = self.tool.method
        if method.body_parameter:
            whole = self._member(method.body_parameter)
            made[whole or method.body_parameter] = self._as_argument(whole, call.body)
            return made, call
        # A body that may be without its only member is sent with an empty one.
        body = call.body.get(method.body_root, {}) if method.body_root and isinstance(call.body, dict) else call.body
        if not isinstance(body, dict):
            return made, call
        used = {}
        for name, value in body.items():
            argument = self._member(name)
            if argument is None and name in method.fixed_body:
                used[name] = value
                continue
            key = argument or name
            # An argument that goes to two places has one value.
            used[name] = made.setdefault(key, self._as_argument(argument, value)) if key in made else value
            made.setdefault(key, self._as_argument(argument, value))
        return made, replace(call, body={method.body_root: used} if method.body_root else used)

    def _member(self, name: str) -> str | None:
        return next(
            (key for key, each in self.tool.placements.items() if each.in_body and each.wire_name == name), None
        )

    def shown_body(self) -> dict[str, Any]:
        """Return the tool's schema of the body, with the document's names of its members."""
        method, schema = self.tool.method, self.tool.input_schema
        names = {key: each.wire_name for key, each in self.tool.placements.items() if each.in_body}
        if method.body_parameter:
            whole: dict[str, Any] = schema["properties"][self._member(method.body_parameter)]
            return whole
        members = {wire: schema["properties"][key] for key, wire in names.items()}
        made = {**schema, "properties": members}
        return {"type": "object", "properties": {method.body_root: made}} if method.body_root else made

    def _as_argument(self, argument: str | None, value: Any) -> Any:
        """Return a value as an argument takes it: a file is an object."""
        if argument is None or not self.tool.placements[argument].is_file:
            return value
        return [{"text": each} for each in value] if isinstance(value, list) else {"text": value}

    def _prepared(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], PageStep | None, ToolRequest]:
        used = check(self.tool, arguments)
        step = step_of(self.tool, self.tool.pager, self.connection, used) if self.tool.pager else None
        return used, step, bind(self.tool, used, step.request() if step else NOT_PAGED)

    def show(self, arguments: dict[str, Any], status: int, body: bytes, media_type: str) -> CallResult:
        """Return the result of a call that the vendor answers like this; raise CallFailed."""
        used, step, request = self._prepared(arguments)
        headers = {"content-type": media_type} if media_type else {}
        limits = read_limits(headers, self.tool.definition.rate_limit, status=status)
        answer = VendorAnswer(self.tool, self.connection, UpstreamResponse(status, headers, body), limits)
        if step:
            return page_result(answer, used, step.view(request.target, answer), budget=BUDGET)
        return single_result(answer, used, with_signs_of_more(answer.content(), answer), budget=BUDGET)

    def send(self, arguments: dict[str, Any]) -> Sent:
        """Return the request that a call makes; raise CallFailed."""
        _, _, request = self._prepared(arguments)
        headers = {**request.headers, "Content-Type": request.media_type} if request.media_type else request.headers
        made = self.connection.request(self.tool.method.http, request.target, headers=headers, content=request.body)
        target = made.extensions["target"]
        text = target.decode() if isinstance(target, bytes) else target
        return Sent(
            made.method, made.url.path.rstrip("/") + text,
            {name.lower(): value for name, value in made.headers.items()}, request.body,
        )  # fmt: skip


def _parameter(placement: Placement) -> str:
    return getattr(placement, "parameter", "") or placement.wire_name


def _is_elsewhere(placement: Placement) -> bool:
    return placement.in_path or placement.in_query or bool(placement.header or getattr(placement, "cookie", ""))


def proposed(text: str, base_url: str = "") -> Proposal:
    """Return the proposal for a description, at an address if it names none; raise DocumentInvalid."""
    document = read(text)
    try:
        return propose(document, name="acme")
    except DocumentInvalid as invalid:
        if "base-url" not in str(invalid) and "address" not in str(invalid):
            raise
        return propose(document, name="acme", base_url=base_url)


def connection_of(definition: Definition) -> Connection:
    """Return a connection as an account has one, with made-up values in its fields."""
    declared = definition.authentication
    fields = {field.name: "example" for field in definition.connection_fields}
    authentication: VendorAuthentication
    if isinstance(declared, OAuthAuthentication):
        authentication = bearer("secret", ())
    else:
        authentication = vendor_authentication(declared, fields, ())
    return Connection(
        uuid.uuid4(), uuid.uuid4(), "Acme", definition.label, fill(definition.base_url, fields).rstrip("/"),
        authentication, definition.headers,
    )  # fmt: skip


def subjects(proposal: Proposal, operations: dict[str, Operation]) -> Iterator[Subject]:
    """Yield the tools of a proposal with their operations; an operation that the reading lacks is left out."""
    connection = connection_of(proposal.definition)
    for record in proposal.records:
        key = proposal.keys[f"{record['resource']}.{record['method']}"]
        if key in operations:
            tool = compile_tool(proposal.definition, Documentation(**{**record, "published": True}))
            yield Subject(tool, operations[key], connection)
