"""Turn a model's arguments into a request: check them against the tool's schema, then split path, query and body."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

import jsonschema_rs
import orjson

from accounts.definition import is_reserved_header, is_reserved_parameter
from accounts.texts.counting import counted
from accounts.texts.invisible import unescaped
from accounts.texts.nearest import nearest
from tools.calling.answers.files import ACCEPTED
from tools.calling.sending.meaning import LEFT_OUT, Losses, as_meant, from_json, in_body_of
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
from tools.catalogue.compilation import Tool
from tools.catalogue.file_arguments import UploadRefused, read_upload
from tools.catalogue.input_schemas import Placement
from tools.catalogue.projection import FIELDS, MAX_FIELDS, FieldUnknown, Projection
from tools.errors import InvalidArguments
from tools.pagination import NOT_PAGED, PageRequest

MAX_PROBLEMS = 8
# Arguments larger than either are not searched for the place of a mistake: the validator finds all mistakes before it
# reports the first, and quotes the surrounding value with each.
SEARCHED_VALUES = 500
SEARCHED_CHARACTERS = 64 * 1024
# A vendor's servers would refuse a longer address.
MAX_TARGET = 16 * 1024
MAX_HEADER = 1000
PAGE_SIZE = "limit"
HEADER_VALUE = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{MAX_HEADER - 2}}}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Arguments in their places: `target` is the quoted path and query, `body` is encoded."""

    target: str
    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)


def check(tool: Tool, arguments: Any, *, left_out: list[str] | None = None) -> dict[str, Any]:
    """Return the arguments as they will be used, or raise InvalidArguments with each problem.

    They are taken as they were meant: see meaning.py. `left_out` receives the places from which an empty value was
    taken.
    """
    arguments = from_text(arguments)
    if not isinstance(arguments, dict):
        raise _invalid(tool, ["arguments must be a JSON object."])
    arguments, unknown = _without_page_size(tool, arguments)
    losses = Losses()
    used = as_meant(tool, arguments, losses, deep=False)
    if not tool.validator.is_valid(used):
        losses = Losses()
        used = as_meant(tool, arguments, losses, deep=True)
        if not tool.validator.is_valid(used):
            raise _invalid(tool, _problems(tool, used))
    if losses.unwritten:
        places = ", ".join(losses.unwritten[:MAX_PROBLEMS])
        raise _invalid(tool, [f"{places}: only JSON can say null or an empty list here; give a value, or no item."])
    if not tool.read_only:
        _check_losses(tool, arguments, used, losses)
    if tool.needed_in_body:
        _check_body(tool, used)
    if left_out is not None:
        left_out += [*unknown, *losses.places]
    if tool.projection and FIELDS in used:
        _check_fields(tool, used[FIELDS])
    return used


def from_text(arguments: Any) -> Any:
    """Return arguments that came as JSON text, or not at all, as the object that they stand for."""
    if isinstance(arguments, str) and arguments:
        return from_json(arguments)
    return arguments or {} if arguments in (None, "") else arguments


def _check_losses(tool: Tool, arguments: dict[str, Any], used: dict[str, Any], losses: Losses) -> None:
    """Refuse a write that has lost what it was to change, or what says which things it reaches."""
    places = ", ".join(losses.places[:MAX_PROBLEMS])
    if losses.places and tool.is_update and not _body_members(tool, used):
        problem = f"{places}: the documentation allows no such value, so nothing would be changed. Give another value."
        raise _invalid(tool, [problem])
    if losses.lists:
        emptied = ", ".join(losses.lists[:MAX_PROBLEMS])
        problem = f"{emptied}: the documentation allows none of its items, so the list would be lost. Give other items."
        raise _invalid(tool, [problem])
    if _is_narrowed(tool) and _chosen(tool, arguments) and not _chosen(tool, used):
        lost = places or ", ".join(_chosen(tool, arguments)[:MAX_PROBLEMS])
        problem = (
            f"{lost}: an empty value is not sent, and without it the call would do something else, or reach more than "
            "was meant. Give another value; leave it out only if everything is meant."
        )
        raise _invalid(tool, [problem])


def _is_narrowed(tool: Tool) -> bool:
    """Return whether the arguments outside the path decide what a write changes, or what a destructive one reaches.

    Where the path ends with an id, a destructive call reaches that one thing, whatever else is given.
    """
    if tool.destructive:
        return not tool.method.path.endswith("}")
    return tool.method.http in {"PUT", "PATCH"} and tool.method.body == "none"


def _chosen(tool: Tool, arguments: dict[str, Any]) -> list[str]:
    """Return the arguments that go elsewhere than into the path."""
    return [name for name in arguments if name not in tool.placements or not tool.placements[name].in_path]


def _check_body(tool: Tool, used: dict[str, Any]) -> None:
    """Refuse a body without a member that it needs."""
    given = _body_members(tool, used)
    missing = [name for name in tool.placements if name in tool.needed_in_body and name not in used]
    if given and missing:
        raise _invalid(tool, (f"{name} is required where {given[0]} is given." for name in missing))


def _body_members(tool: Tool, used: dict[str, Any]) -> list[str]:
    """Return the arguments that go only into the body."""
    known, placements = tool.input_schema["properties"], tool.placements
    return [
        name
        for name in used
        if name not in known or (name in placements and placements[name].in_body and not placements[name].is_parameter)
    ]


def _without_page_size(tool: Tool, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Leave out a page size where there are no pages: models know `limit` from every other list.

    Any other write may have been meant for so many things and no more, so there it stays, and is refused.
    """
    schema = tool.input_schema
    is_taken = PAGE_SIZE in schema["properties"] or schema["additionalProperties"] is not False
    if is_taken or type(arguments.get(PAGE_SIZE)) is not int or not (tool.read_only or _makes_a_list(tool)):
        return arguments, []
    return {name: value for name, value in arguments.items() if name != PAGE_SIZE}, [PAGE_SIZE]


def _makes_a_list(tool: Tool) -> bool:
    """Return whether a tool takes nothing away and its documented answer is a list."""
    result = tool.output.schema.get("properties", {}).get("result", {}) if tool.output else {}
    return tool.method.http == "POST" and not tool.destructive and "array" in result.get("type", ())


def _check_fields(tool: Tool, names: list[str]) -> None:
    if len(names) > MAX_FIELDS:
        raise _invalid(tool, [f"{FIELDS}: takes at most {MAX_FIELDS} members, and there are {len(names)}."])
    problems = []
    for name in names:
        try:
            cast(Projection, tool.projection).check(name)
        except FieldUnknown as unknown:
            problems.append(f"{FIELDS}: {unknown}")
        if len(problems) == MAX_PROBLEMS:
            break
    if problems:
        raise _invalid(tool, problems)


def _invalid(tool: Tool, problems: Iterable[str]) -> InvalidArguments:
    found = list(islice(problems, MAX_PROBLEMS))
    return InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=found)


def _problems(tool: Tool, used: dict[str, Any]) -> Iterator[str]:
    """Yield the problems of invalid arguments; a caller that stops early saves the rest of the search."""
    known: dict[str, Any] = tool.input_schema["properties"]
    any_found = False
    is_open = tool.input_schema["additionalProperties"] is not False
    for found in (
        () if is_open else _unknown(known, used),
        (f"{name} is required." for name in tool.input_schema.get("required", []) if name not in used),
        _unfitting(tool, {name: used[name] for name in used if name in known or is_open}),
        _problems_of_the_whole(tool.input_schema, used),
    ):
        for problem in found:
            any_found = True
            yield problem
    if not any_found:
        yield "they do not match the tool's inputSchema."


def _unknown(known: dict[str, Any], used: dict[str, Any]) -> Iterator[str]:
    for name in used:
        if name not in known:
            meant = nearest(name, known, cutoff=0.5)
            hint = f"did you mean {meant}?" if meant else f"it takes: {', '.join(known) or 'no arguments'}."
            yield f"{name[:64]} is not an argument of this tool; {hint}"


def _unfitting(tool: Tool, given: dict[str, Any]) -> Iterator[str]:
    """Yield the problems within known arguments."""
    if _is_searched(given):
        yield from (_worded(error) for error in tool.validator.iter_errors(given) if list(error.instance_path))
        return
    for name, value in given.items():
        if not tool.optional_validator.is_valid({name: value}):
            known = tool.input_schema["properties"].get(name, tool.input_schema["additionalProperties"])
            wanted = orjson.dumps(known)[:300].decode(errors="ignore")
            yield f"{name}: does not fit, and is too large to say where; its schema begins {wanted}"


def _is_searched(given: dict[str, Any]) -> bool:
    """Return whether arguments are small enough to be searched for the place of a mistake."""
    values, characters = SEARCHED_VALUES, SEARCHED_CHARACTERS
    waiting: list[Any] = [given]
    while waiting and values >= 0 and characters >= 0:
        item = waiting.pop()
        if isinstance(item, str):
            characters -= len(item)
        elif isinstance(item, dict | list):
            values -= len(item)
            waiting.extend(item.values() if isinstance(item, dict) else item)
            characters -= sum(map(len, item)) if isinstance(item, dict) else 0
    return values >= 0 and characters >= 0


def _problems_of_the_whole(schema: dict[str, Any], used: dict[str, Any]) -> Iterator[str]:
    """Yield the problems of the arguments as a whole."""
    for name, needs in schema.get("dependentRequired", {}).items():
        if name in used:
            yield from (f"{each} is required where {name} is given." for each in needs if each not in used)
    if len(used) < schema.get("minProperties", 0):
        yield f"give at least {counted(schema['minProperties'], 'argument')} in all."
    if len(used) > schema.get("maxProperties", len(used)):
        yield f"give at most {counted(schema['maxProperties'], 'argument')} at once."


def _worded(error: jsonschema_rs.ValidationError) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    message = error.message if len(error.message) <= 300 else f"{error.message[:140]}…{error.message[-150:]}"
    return f"{place.lstrip('.')[:200]}: {message}."


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
        raise _invalid(tool, [str(refused)]) from None
    # A page's target is a link from the vendor, which has the whole query already.
    query = page.query if page.target else places.query + page.query
    if sum(len(name) + len(value) for name, value in query) > MAX_TARGET:
        problem = f"the arguments that go into the address are longer than {MAX_TARGET} characters together; give less."
        raise _invalid(tool, [problem])
    return target + ("&" if "?" in target else "?") + written(query) if query else target


def _body(tool: Tool, used: dict[str, Any], fields: dict[str, Field], page: PageRequest) -> tuple[bytes, str]:
    method = tool.method
    if method.body == "none" or (tool.may_leave_out_body and not page.members and not _body_members(tool, used)):
        return b"", ""
    try:
        return encode_body(method, fields, page.members)
    except ParametersRefused as refused:
        raise _invalid(tool, [str(refused)]) from None


def _field(tool: Tool, name: str, placement: Placement, value: Any) -> dict[str, Field]:
    """Return an argument as a member of the body; none if it only belongs elsewhere."""
    if placement.is_file:
        value = _uploads(tool, name, placement, value)
    if placement.body_schema is not None:
        value = in_body_of(placement, tool.body_shapes[name], value)
    if value is not LEFT_OUT:
        return {placement.wire_name: Field(value, placement.query_style, placement.part_type)}
    if placement.needed_in_body and not tool.method.optional_body:
        kinds = " or ".join(sorted(tool.body_shapes[name].kinds))
        raise _invalid(tool, [f"{name}: also goes into the body, which takes only {kinds} there."])
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
            raise _invalid(tool, [f"{name[:64]!r} is called {called[name]} here."])
        is_credential = tool.method.body != "json" and is_withheld(tool, name)
        if is_credential or is_reserved_parameter(name) or name in tool.method.fixed_body:
            raise _invalid(tool, [f"{name[:64]!r} is none of the members that a call may set; leave it out."])
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
        raise _invalid(tool, [f"{name}: {reserved[0][:64]!r} would choose how the request is made; leave it out."])
    try:
        check_spread(tool, name, placement, value)
    except ParametersRefused as refused:
        raise _invalid(tool, [f"{name}: {refused}"]) from None


def _checked_pairs(tool: Tool, name: str, placement: Placement, value: Any) -> Pairs:
    """Return an argument's parameters; raise InvalidArguments."""
    try:
        pairs = query_pairs(placement.parameter, value, placement.query_style)
    except ParametersRefused as refused:
        raise _invalid(tool, [str(refused)]) from None
    if placement.with_reserved:
        return [(each, Encoded.of(text, with_reserved(text))) for each, text in pairs]
    return pairs


def _header(tool: Tool, name: str, placement: Placement, value: Any) -> str:
    """Return a header value (RFC 9110, section 5.5): ASCII on one line."""
    text = str(delimited(value, placement.query_style))
    if not HEADER_VALUE.fullmatch(text):
        problem = f"{name}: goes into a request header, which takes one line of ASCII characters, at most {MAX_HEADER}."
        raise _invalid(tool, [problem])
    return text


def _uploads(tool: Tool, name: str, placement: Placement, value: Any) -> Any:
    """Return a file, or a list of files, ready to be sent."""
    media_type = placement.part_type
    try:
        if isinstance(value, list):
            return [read_upload(each, media_type) for each in value]
        return read_upload(value, media_type)
    except UploadRefused as refused:
        raise _invalid(tool, [f"{name}: {refused}"]) from None


def _in_path(tool: Tool, name: str, placement: Placement, value: Any) -> str:
    try:
        return path_value(placement.parameter, value, placement.path_style, with_slashes=placement.with_slashes)
    except ParametersRefused as refused:
        raise _invalid(tool, [f"{name}: {refused}"]) from None
