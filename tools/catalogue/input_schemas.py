"""Merge the query and body schemas into a tool's one flat object of arguments, and note where each goes."""

from dataclasses import dataclass
from typing import Any

from accounts.definition import Method
from tools.catalogue.file_arguments import file_schema, is_file
from tools.catalogue.placement import PAGING_ARGUMENTS
from tools.catalogue.schemas.json_schemas import Schema, alias, inline_references
from tools.catalogue.schemas.member_rules import FlatNames
from tools.pagination import Pager

FILE_BODIES = frozenset({"multipart", "raw"})
OPEN_BODIES = frozenset({"json", "form", "multipart"})
WITH_THE_BODY = "Required with any other member of the body."


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an argument goes: whether into path, query, body, or which header or cookie, and how it is written.

    `wire_name` is its name in the body, `parameter` that of its parameter. `body_schema` is how the body describes an
    argument that also goes elsewhere, `needed_in_body` whether a body needs it; `part_type` is the media type of its
    part in a multipart body, `part_encoding` the encoding.
    """

    wire_name: str
    in_path: bool = False
    in_query: bool = False
    in_body: bool = False
    header: str = ""
    query_style: str = "repeat"
    is_file: bool = False
    parameter: str = ""
    cookie: str = ""
    path_style: str = "comma"
    with_slashes: bool = False
    with_reserved: bool = False
    part_type: str = ""
    part_encoding: str = ""
    body_schema: Schema | None = None
    needed_in_body: bool = False

    @property
    def is_parameter(self) -> bool:
        """Whether it goes somewhere other than only into the body."""
        return self.in_path or self.in_query or bool(self.header or self.cookie)


def merge_schemas(
    method: Method, query_schema: Schema, body_schema: Schema, paging: Pager | None
) -> tuple[Schema, dict[str, Placement]]:
    """Return the flat schema of the arguments and where each goes; a name in both schemas goes to both.

    The arguments of a body that takes further members are open as well: what they do not name goes into the body.
    """
    query, body = inline_references(query_schema or {}), inline_references(body_schema or {})
    query_names, body_names = query.get("properties", {}), body.get("properties", {})
    with_body = set(body.get("required", []))
    required = {*query.get("required", []), *method.path_parameters, *(() if method.optional_body else with_body)}
    properties: Schema = {}
    placements: dict[str, Placement] = {}
    wire_names = dict.fromkeys([*method.path_parameters, *query_names, *body_names])
    for wire_name in wire_names:
        # An alias never takes the name of another of the vendor's parameters.
        others = wire_names.keys() - {wire_name}
        name = alias(wire_name, {*properties, *others, *(PAGING_ARGUMENTS if paging else ())})
        placement = _placement(method, wire_name, query_names, body_names, needed_in_body=wire_name in with_body)
        declared = query_names.get(wire_name, body_names.get(wire_name))
        if wire_name in with_body - required and len(body_names) > 1:
            declared = _with_note(declared, WITH_THE_BODY)
        properties[name] = _declared(declared, placement)
        placements[name] = placement
    needed = [name for name, placement in placements.items() if placement.wire_name in required]
    if paging:
        properties |= paging_properties(paging)
    schema: Schema = {"type": "object", "properties": properties}
    if needed:
        schema["required"] = needed
    if method.optional_body:
        body = {key: value for key, value in body.items() if key != "minProperties"}
    schema |= _rules_of_the_whole(query, body, placements, len(properties))
    if method.body in OPEN_BODIES and not method.body_parameter:
        schema |= _names(placements, frozenset(properties)).rules_of(body)
    return {**schema, "additionalProperties": _beyond(method, body)}, placements


def _beyond(method: Method, body: Schema) -> Any:
    """Return which arguments a tool takes beyond those with a name: a schema, true for any, false for none."""
    beyond = body.get("additionalProperties", False)
    return beyond if method.body in OPEN_BODIES and not method.body_parameter else False


def _names(placements: dict[str, Placement], taken: frozenset[str]) -> FlatNames:
    """Return the names of the body's members among all arguments."""
    members = {name: each for name, each in placements.items() if each.in_body}
    return FlatNames(
        {each.wire_name: name for name, each in members.items()},
        taken,
        elsewhere=frozenset(each.wire_name for each in placements.values() if each.is_parameter),
        reshaped=frozenset(each.wire_name for each in members.values() if each.is_file),
    )


def _with_note(declared: Any, note: str) -> Any:
    if not isinstance(declared, dict):
        return declared
    return {**declared, "description": f"{declared.get('description', '')} {note}".strip()}


def _placement(
    method: Method, wire_name: str, query_names: Schema, body_names: Schema, *, needed_in_body: bool
) -> Placement:
    in_path = wire_name in method.path_parameters
    is_elsewhere = wire_name in query_names and not in_path
    header = method.header_parameters.get(wire_name, "") if is_elsewhere else ""
    cookie = method.cookie_parameters.get(wire_name, "") if is_elsewhere else ""
    held = body_names.get(wire_name)
    style = method.query_styles.get(wire_name, "comma" if header or cookie else "repeat")
    return Placement(
        wire_name=wire_name,
        in_path=in_path,
        in_query=is_elsewhere and not header and not cookie,
        in_body=wire_name in body_names,
        header=header,
        query_style=style,
        is_file=method.body in FILE_BODIES and (is_file(held) or is_file(_items(held))),
        parameter=method.parameter_names.get(wire_name, wire_name),
        cookie=cookie,
        path_style=method.path_styles.get(wire_name, "comma"),
        with_slashes=wire_name in method.encoded_slashes,
        with_reserved=wire_name in method.reserved_characters,
        part_type=method.part_types.get(wire_name, ""),
        part_encoding=method.part_encodings.get(wire_name, ""),
        body_schema=held if isinstance(held, dict) and (in_path or is_elsewhere) else None,
        needed_in_body=needed_in_body,
    )


def _items(schema: Any) -> Any:
    return schema.get("items") if isinstance(schema, dict) else None


def _declared(declared: Any, placement: Placement) -> Any:
    """Return an argument's schema as clients get it."""
    if not isinstance(declared, dict):
        return declared
    if placement.is_file:
        return file_schema(declared) if is_file(declared) else {**declared, "items": file_schema(declared["items"])}
    # Clients would mirror such an argument in a header, which the endpoint does not compare with the body.
    return {key: value for key, value in declared.items() if key != "x-mcp-header"}


def _rules_of_the_whole(query: Schema, body: Schema, placements: dict[str, Placement], count: int) -> Schema:
    """Return the keywords about all members at once, with the names that arguments have here.

    A part's minProperties and maxProperties are widened for the whole: by the members that the other part requires
    or allows.
    """
    names = {placement.wire_name: name for name, placement in placements.items()}
    rules: Schema = {}
    for part, other in ((query, body), (body, query)):
        for wire_name, needs in part.get("dependentRequired", {}).items():
            wanted = [names[each] for each in needs if each in names]
            if wire_name in names and wanted:
                rules.setdefault("dependentRequired", {}).setdefault(names[wire_name], []).extend(wanted)
        own = part.get("properties", {})
        if "minProperties" in part:
            apart = [name for name in other.get("required", []) if name not in own]
            rules["minProperties"] = max(rules.get("minProperties", 0), part["minProperties"] + len(apart))
        if "maxProperties" in part:
            most = part["maxProperties"] + count - len(own)
            rules["maxProperties"] = min(rules.get("maxProperties", most), most)
    return rules


def paging_properties(paging: Pager) -> dict[str, Any]:
    """Return the arguments that every list tool takes; what they mean is told once, in the instructions."""
    return {
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": paging.max_limit,
            "default": paging.default_limit,
        },
        "next_cursor": {
            "type": "string",
            "minLength": 1,
            "description": "The last page's, unchanged.",
        },
    }
