"""Put checked arguments in their places: path, query, headers, cookies and body."""

import re
from dataclasses import dataclass, field
from typing import Any

from accounts.definition import is_reserved_header, is_reserved_parameter
from accounts.texts.invisible import unescaped
from tools.calling.answers.files import ACCEPTED
from tools.calling.sending.checking import invalid_arguments
from tools.calling.sending.meaning import LEFT_OUT, in_body_of
from tools.calling.sending.path_values import filled, path_value
from tools.calling.sending.queries import (
    Encoded,
    Pairs,
    ParametersRefused,
    delimited,
    encoded,
    query_pairs,
    with_reserved,
    written,
)
from tools.calling.sending.request_bodies import Field, encode_body
from tools.calling.sending.spread import check_spread, is_spread, is_withheld
from tools.catalogue.file_arguments import UploadRefused, read_upload
from tools.catalogue.input_schemas import Placement
from tools.catalogue.tool import Tool
from tools.pagination import NOT_PAGED, PageRequest

# A vendor's servers would refuse a longer address.
MAX_TARGET = 16 * 1024
MAX_HEADER = 1000
HEADER_VALUE = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{MAX_HEADER - 2}}}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Arguments in their places: `target` is the quoted path and query, `body` is encoded."""

    target: str
    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)


def bind(tool: Tool, used: dict[str, Any], page: PageRequest = NOT_PAGED) -> ToolRequest:
    """Put checked arguments, and the parameters that request a page, in their places.

    Raises InvalidArguments for a value that would leave its path segment or its header, and for an invalid file.
    """
    places = _Places([*tool.method.fixed_query.items()])
    fields = {name: Field(value) for name, value in tool.method.fixed_body.items()}
    for name, placement in tool.placements.items():
        if name not in used:
            continue
        value = used[name]
        _refuse_reserved(tool, name, placement, value)
        # A model passes ids back as results show them, with escapes for invisible characters.
        if placement.in_path or placement.in_query:
            value = unescaped(value)
        if placement.in_body:
            fields |= _field(tool, name, placement, value)
        if placement.is_parameter and value is not None:
            places.put(tool, name, placement, value)
    fields |= _further(tool, used)
    content, media_type = _body(tool, used, fields, page)
    return ToolRequest(_target(tool, places, page), content, media_type, {**places.all_headers(tool), **page.headers})


@dataclass(slots=True)
class _Places:
    """The places of a request other than its body, as they fill."""

    query: Pairs
    path: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)

    def put(self, tool: Tool, name: str, placement: Placement, value: Any) -> None:
        """Put an argument in its place; raise InvalidArguments."""
        if placement.in_path:
            self.path[placement.wire_name] = _in_path(tool, name, placement, value)
        elif placement.in_query:
            self.query += _checked_pairs(tool, name, placement, value)
        elif placement.header:
            self.headers[placement.header] = _header(tool, name, placement, value)
        else:
            self.cookies.append(f"{placement.cookie}={encoded(delimited(value, placement.query_style))}")

    def all_headers(self, tool: Tool) -> dict[str, str]:
        if self.cookies:
            self.headers["Cookie"] = "; ".join(self.cookies)
        accept = tool.method.accept or ACCEPTED.get(tool.method.answer)
        if accept:
            self.headers["Accept"] = accept
        return self.headers


def _target(tool: Tool, places: _Places, page: PageRequest) -> str:
    try:
        target = page.target or filled(tool.method.path, places.path, tool.method.encoded_slashes)
    except ParametersRefused as refused:
        raise invalid_arguments(tool, [str(refused)]) from None
    # A page's target is a link from the vendor, which has the whole query already.
    query = page.query if page.target else places.query + page.query
    text = written(query)
    # What is written is never shorter, and seldom so long.
    if len(text) > MAX_TARGET and sum(len(name) + len(value) for name, value in query) > MAX_TARGET:
        problem = f"the arguments that go into the address are longer than {MAX_TARGET} characters together; give less."
        raise invalid_arguments(tool, [problem])
    return target + ("&" if "?" in target else "?") + text if query else target


def _body(tool: Tool, used: dict[str, Any], fields: dict[str, Field], page: PageRequest) -> tuple[bytes, str]:
    method = tool.method
    if method.body == "none" or (tool.may_leave_out_body and not page.members and not tool.body_arguments(used)):
        return b"", ""
    try:
        return encode_body(method, fields, page.members)
    except ParametersRefused as refused:
        raise invalid_arguments(tool, [str(refused)]) from None


def _field(tool: Tool, name: str, placement: Placement, value: Any) -> dict[str, Field]:
    """Return an argument as a member of the body; none if it only belongs elsewhere."""
    if placement.is_file:
        value = _uploads(tool, name, placement, value)
    if placement.body_schema is not None:
        value = in_body_of(placement, tool.body_shapes[name], value)
    if value is not LEFT_OUT:
        styled = Field(value, placement.query_style, placement.part_type, placement.part_encoding)
        return {placement.wire_name: styled}
    if placement.needed_in_body and not tool.method.optional_body:
        kinds = " or ".join(sorted(tool.body_shapes[name].kinds))
        raise invalid_arguments(tool, [f"{name}: also goes into the body, which takes only {kinds} there."])
    return {}


def _further(tool: Tool, used: dict[str, Any]) -> dict[str, Field]:
    """Return the members of an open body that have no argument of their own."""
    known = tool.input_schema["properties"]
    fields = {name: Field(value) for name, value in used.items() if name not in known}
    if not fields:
        return fields
    called = {placement.wire_name: name for name, placement in tool.placements.items()}
    for name in fields:
        if name in called:
            raise invalid_arguments(tool, [f"{name[:64]!r} is called {called[name]} here."])
        is_credential = tool.method.body != "json" and is_withheld(tool, name)
        if is_credential or is_reserved_parameter(name) or name in tool.method.fixed_body:
            raise invalid_arguments(tool, [f"{name[:64]!r} is none of the members that a call may set; leave it out."])
    return fields


def _refuse_reserved(tool: Tool, name: str, placement: Placement, value: Any) -> None:
    """Refuse what would change a request's method or route: a record may be older than the quality gate's rule."""
    taken = [placement.parameter] if not (placement.in_path or placement.header or placement.cookie) else []
    if placement.in_body and placement.parameter != placement.wire_name:
        taken.append(placement.wire_name)
    if isinstance(value, dict) and (placement.wire_name == tool.method.body_parameter or is_spread(tool, placement)):
        taken += value
    reserved = [each for each in taken if is_reserved_parameter(each)]
    if placement.header and is_reserved_header(placement.header):
        reserved.append(placement.header)
    if reserved:
        raise invalid_arguments(
            tool, [f"{name}: {reserved[0][:64]!r} would choose how the request is made; leave it out."]
        )
    try:
        check_spread(tool, name, placement, value)
    except ParametersRefused as refused:
        raise invalid_arguments(tool, [f"{name}: {refused}"]) from None


def _checked_pairs(tool: Tool, name: str, placement: Placement, value: Any) -> Pairs:
    """Return an argument's parameters; raise InvalidArguments."""
    try:
        pairs = query_pairs(placement.parameter, value, placement.query_style)
    except ParametersRefused as refused:
        raise invalid_arguments(tool, [str(refused)]) from None
    if placement.with_reserved:
        return [(each, Encoded.of(text, with_reserved(text))) for each, text in pairs]
    return pairs


def _header(tool: Tool, name: str, placement: Placement, value: Any) -> str:
    """Return a header value (RFC 9110, section 5.5): ASCII on one line."""
    text = str(delimited(value, placement.query_style))
    if not HEADER_VALUE.fullmatch(text):
        problem = f"{name}: goes into a request header, which takes one line of ASCII characters, at most {MAX_HEADER}."
        raise invalid_arguments(tool, [problem])
    return text


def _uploads(tool: Tool, name: str, placement: Placement, value: Any) -> Any:
    """Return a file, or a list of files, ready to be sent."""
    media_type = placement.part_type
    try:
        if isinstance(value, list):
            return [read_upload(each, media_type) for each in value]
        return read_upload(value, media_type)
    except UploadRefused as refused:
        raise invalid_arguments(tool, [f"{name}: {refused}"]) from None


def _in_path(tool: Tool, name: str, placement: Placement, value: Any) -> str:
    try:
        return path_value(placement.parameter, value, placement.path_style, with_slashes=placement.with_slashes)
    except ParametersRefused as refused:
        raise invalid_arguments(tool, [f"{name}: {refused}"]) from None
