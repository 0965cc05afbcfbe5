"""Turn a model's arguments into a request: check them against the tool's schema, then split path, query and body."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast
from urllib.parse import quote

import jsonschema_rs
import orjson

from accounts.definition import is_reserved_header, is_reserved_parameter
from accounts.texts.invisible import unescaped
from accounts.texts.nearest import nearest
from accounts.vendors.segments import is_one_segment
from tools.calling.files import ACCEPTED
from tools.calling.queries import Pairs, ParametersRefused, query_pairs, quoted, scalar
from tools.calling.request_bodies import Field, encode_body
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
MAX_PATH_VALUE = 1000
# A vendor's servers would refuse a longer address.
MAX_TARGET = 16 * 1024
INTEGER = re.compile(r"-?[0-9]{1,18}")
EXACT_FLOATS = 2.0**53  # above it, a float may stand for several whole numbers
MAX_HEADER = 1000
HEADER_VALUE = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{MAX_HEADER - 2}}}[\x21-\x7e])?")
PLACEHOLDERS = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Arguments in their places: `target` is the quoted path and query, `body` is encoded."""

    target: str
    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)


def check(tool: Tool, arguments: Any) -> dict[str, Any]:
    """Return the arguments as they will be used, or raise InvalidArguments with each problem.

    Null counts as an omitted argument. Models often send a number for text, or digits or 5.0 for a whole number; these
    are converted.
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
    if tool.files:
        used |= {name: _as_files(used[name]) for name in tool.files & used.keys()}
    if not tool.validator.is_valid(used):
        raise _invalid(tool, _problems(tool, used))
    if tool.projection and FIELDS in used:
        _check_fields(tool, used[FIELDS])
    return used


def _as_files(value: Any) -> Any:
    """Wrap plain text as a file with that text."""
    if isinstance(value, list):
        return [_as_files(each) for each in value]
    return {"text": value} if isinstance(value, str) else value


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


def _as_meant(value: Any, schema: dict[str, Any]) -> Any:
    wanted = schema.get("type")
    # JSON true and false are ints to Python.
    if wanted == "string" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if wanted == "integer" and isinstance(value, str) and INTEGER.fullmatch(value):
        return int(value)
    if wanted == "integer" and isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOATS:
        return int(value)
    return value


def _invalid(tool: Tool, problems: Iterable[str]) -> InvalidArguments:
    found = list(islice(problems, MAX_PROBLEMS))
    return InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=found)


def _problems(tool: Tool, used: dict[str, Any]) -> Iterator[str]:
    """Yield the problems of invalid arguments; a caller that stops early saves the rest of the search."""
    known: dict[str, Any] = tool.input_schema["properties"]
    any_found = False
    for found in (
        _unknown(known, used),
        (f"{name} is required." for name in tool.input_schema.get("required", []) if name not in used),
        _unfitting(tool, {name: used[name] for name in known if name in used}),
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
            wanted = orjson.dumps(tool.input_schema["properties"][name])[:300].decode(errors="ignore")
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
        yield f"at least {schema['minProperties']} arguments are needed in all."
    if len(used) > schema.get("maxProperties", len(used)):
        yield f"at most {schema['maxProperties']} arguments may be given at once."


def _worded(error: jsonschema_rs.ValidationError) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    message = error.message if len(error.message) <= 300 else f"{error.message[:140]}…{error.message[-150:]}"
    return f"{place.lstrip('.')[:200]}: {message}."


def bind(tool: Tool, used: dict[str, Any], page: PageRequest = NOT_PAGED) -> ToolRequest:
    """Put checked arguments, and the parameters that request a page, in their places.

    Raises InvalidArguments for a value that would leave its path segment or its header, and for an invalid file.
    """
    path_values: dict[str, str] = {}
    query: Pairs = [*tool.method.fixed_query.items()]
    headers: dict[str, str] = {}
    fields = {name: Field(value) for name, value in tool.method.fixed_body.items()}
    for name, placement in tool.placements.items():
        if name not in used:
            continue
        value = used[name]
        _refuse_reserved(tool, name, placement, value)
        # A model passes ids back as results show them, with escapes for invisible characters.
        if placement.in_path or placement.in_query:
            value = unescaped(value)
        if placement.in_path:
            path_values[placement.wire_name] = _segment(tool, name, value)
        if placement.header:
            headers[placement.header] = _header(tool, name, value)
        if placement.in_query:
            query += _checked_pairs(tool, name, placement, value)
        if placement.in_body:
            wire_value = _uploads(tool, name, value) if placement.is_file else value
            fields[placement.wire_name] = Field(wire_value, placement.query_style)
    target = page.target or PLACEHOLDERS.sub(lambda found: path_values[found.group(1)], tool.method.path)
    # A page's target is a link from the vendor, which has the whole query already.
    query = page.query if page.target else query + page.query
    if sum(len(name) + len(value) for name, value in query) > MAX_TARGET:
        problem = f"the arguments that go into the address are longer than {MAX_TARGET} characters together; give less."
        raise _invalid(tool, [problem])
    if query:
        joint = "&" if "?" in target else "?"
        target += joint + "&".join(f"{quoted(name)}={quoted(value)}" for name, value in query)
    try:
        content, media_type = (
            (b"", "") if tool.method.body == "none" else encode_body(tool.method, fields, page.members)
        )
    except ParametersRefused as refused:
        raise _invalid(tool, [str(refused)]) from None
    if tool.method.answer in ACCEPTED:
        headers["Accept"] = ACCEPTED[tool.method.answer]
    return ToolRequest(target, content, media_type, {**headers, **page.headers})


def _refuse_reserved(tool: Tool, name: str, placement: Placement, value: Any) -> None:
    """Refuse what would change a request's method or route: a record may be older than the quality gate's rule."""
    taken = [placement.wire_name] if not (placement.in_path or placement.header) else []
    if isinstance(value, dict) and (placement.wire_name == tool.method.body_parameter or placement.in_query):
        taken += value
    reserved = [each for each in taken if is_reserved_parameter(each)]
    if placement.header and is_reserved_header(placement.header):
        reserved.append(placement.header)
    if reserved:
        raise _invalid(tool, [f"{name}: {reserved[0][:64]!r} would choose how the request is made; leave it out."])


def _checked_pairs(tool: Tool, name: str, placement: Placement, value: Any) -> Pairs:
    """Return an argument's parameters; members of an object must not pose as another argument's parameter."""
    try:
        pairs = query_pairs(placement.wire_name, value, placement.query_style)
    except ParametersRefused as refused:
        raise _invalid(tool, [str(refused)]) from None
    if placement.query_style == "members" and isinstance(value, dict):
        others = tool.taken_names - {placement.wire_name}
        for taken, _ in pairs:
            if taken in others:
                raise _invalid(tool, [f"{name}: cannot have a member {taken[:64]!r}, which is another parameter."])
    return pairs


def _header(tool: Tool, name: str, value: Any) -> str:
    """Return a header value (RFC 9110, section 5.5): ASCII on one line."""
    text = scalar(value)
    if not HEADER_VALUE.fullmatch(text):
        problem = f"{name}: goes into a request header, which takes one line of ASCII characters, at most {MAX_HEADER}."
        raise _invalid(tool, [problem])
    return text


def _uploads(tool: Tool, name: str, value: Any) -> Any:
    """Return a file, or a list of files, ready to be sent."""
    try:
        return [read_upload(each) for each in value] if isinstance(value, list) else read_upload(value)
    except UploadRefused as refused:
        raise _invalid(tool, [f"{name}: {refused}"]) from None


def _segment(tool: Tool, name: str, value: Any) -> str:
    """Quote a path value; refuse one that would leave its segment in any encoding."""
    text = scalar(value)
    if len(text) > MAX_PATH_VALUE:
        problem = (
            f"{name}: an id has at most {MAX_PATH_VALUE} characters; take it from a result of this account's tools."
        )
        raise _invalid(tool, [problem])
    if not is_one_segment(text):
        raise _invalid(tool, [f"{name}: {text[:80]!r} cannot be an id; take it from a result of this account's tools."])
    return quote(text, safe="")
