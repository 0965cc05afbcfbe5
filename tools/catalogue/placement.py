"""Check a record's arguments against the places its method has for them: path, headers, body, paging."""

from collections.abc import Iterator

from accounts.definition import Access, Definition, Method, is_reserved_header, is_reserved_parameter
from tools.catalogue.file_arguments import is_file
from tools.catalogue.schemas.json_schemas import Schema, kinds_of
from tools.models import Documentation

PAGING_ARGUMENTS = ("limit", "next_cursor")


def is_paginated(definition: Definition, resource: str, method: str) -> bool:
    """Return whether a method takes `limit` and `next_cursor`: a read may, a write would be repeated by them."""
    declared = definition.resources[resource].methods[method]
    if declared.access is Access.WRITE or declared.composite:
        return False
    return declared.paginated if declared.paginated is not None else method == "list"


def placement_problems(definition: Definition, record: Documentation) -> list[str]:
    """Return which arguments have no place, or one that is taken, a sentence each."""
    method = definition.resources[record.resource].methods[record.method]
    query, body = properties_of(record.query_schema), properties_of(record.body_schema)
    problems = [
        f"query_schema: the path's {{{name}}} is not among the properties."
        for name in method.path_parameters
        if name not in query
    ]
    problems += _reserved_problems(method, query, body)
    problems += _fixed_problems(method, query, body)
    problems += _file_problems(method, query, body)
    problems += _header_problems(definition, method, query)
    problems += _cookie_problems(definition, method, query)
    problems += _name_problems(method, query, body)
    problems += _body_problems(method, body)
    if is_paginated(definition, record.resource, record.method):
        problems += _paging_problems(definition, method, query, body)
    return problems


def _header_problems(definition: Definition, method: Method, query: Schema) -> Iterator[str]:
    fixed = {name.lower() for name in definition.headers}
    taken = fixed | definition.authentication.header_names
    used: dict[str, str] = {}
    for name, header in method.header_parameters.items():
        lower = header.lower()
        if name not in query:
            yield f"query_schema: {name}, which goes into the header {header}, is not among the properties."
        elif name in method.path_parameters:
            yield f"query_schema: {name} is in the path; the definition cannot send it as a header too."
        if lower in taken or is_reserved_header(header):
            yield f"header_parameters: {header} is set by Patchbay itself and takes no argument."
        elif lower in used:
            yield f"header_parameters: {name} and {used[lower]} go into the same header, {header}."
        used[lower] = name


def _cookie_problems(definition: Definition, method: Method, query: Schema) -> Iterator[str]:
    used: dict[str, str] = {}
    for name, cookie in method.cookie_parameters.items():
        if name not in query:
            yield f"query_schema: {name}, which goes into the cookie {cookie}, is not among the properties."
        elif name in method.path_parameters or name in method.header_parameters:
            yield f"query_schema: {name} has another place; the definition cannot send it as a cookie too."
        if cookie in used:
            yield f"cookie_parameters: {name} and {used[cookie]} go into the same cookie, {cookie}."
        elif any(cookie in cookies_of(text) for text in definition.authentication.templates.values()):
            yield f"cookie_parameters: {cookie} carries the account's credentials and takes no argument."
        used[cookie] = name
    if method.cookie_parameters and "cookie" in {name.lower() for name in definition.headers}:
        yield "cookie_parameters: the definition sends a Cookie header with every call; take it out of `headers`."


def cookies_of(text: str) -> list[str]:
    """Return the names of the cookies in the value of a Cookie header."""
    return [pair.partition("=")[0].strip() for pair in text.split(";")]


def _name_problems(method: Method, query: Schema, body: Schema) -> Iterator[str]:
    """Yield settings by property that name none, and parameters that two arguments would share."""
    parameters = {*query, *method.path_parameters}
    for setting, names, properties in (
        ("parameter_names", [*method.parameter_names], parameters),
        ("reserved_characters", method.reserved_characters, {*query}),
        ("part_types", [*method.part_types], {*body}),
        ("part_encodings", [*method.part_encodings], {*body}),
    ):
        for name in names:
            if name not in properties:
                yield f"{setting}: {name} is not among the properties."
    used: dict[str, str] = {}
    for name in query:
        if name in method.path_parameters or name in method.header_parameters or name in method.cookie_parameters:
            continue
        wire_name = method.parameter_names.get(name, name)
        if wire_name in used:
            yield f"parameter_names: {name} and {used[wire_name]} are the same parameter, {wire_name}."
        used[wire_name] = name
        if wire_name != name and (is_reserved_parameter(wire_name) or wire_name in method.fixed_query):
            yield f"parameter_names: {wire_name} is sent, or would be read, otherwise; take {name} out."


def _reserved_problems(method: Method, query: Schema, body: Schema) -> Iterator[str]:
    """Yield parameters that make some vendors override the HTTP method, on which the method's access rests."""
    for part, properties in (("query", query), ("body", body)):
        for name in properties:
            if is_reserved_parameter(name) and name not in method.path_parameters:
                yield f"{part}_schema: {name} would choose the HTTP method, which the definition does; take it out."


def _fixed_problems(method: Method, query: Schema, body: Schema) -> Iterator[str]:
    """Yield arguments that the definition sends with every call already."""
    for part, properties, fixed in (("query", query, method.fixed_query), ("body", body, method.fixed_body)):
        for name in properties:
            if name in fixed and (part == "body" or name not in method.parameter_names):
                yield f"{part}_schema: {name} is sent with every call (fixed_{part} of the definition); take it out."


def _file_problems(method: Method, query: Schema, body: Schema) -> Iterator[str]:
    """Yield files in places that cannot carry one."""
    for name, schema in query.items():
        if _holds_file(schema):
            yield f"query_schema.{name}: is a file, which neither path nor query nor a header takes."
    for name, schema in body.items():
        if _holds_file(schema) and method.body not in {"multipart", "raw"}:
            yield (
                f"body_schema.{name}: is a file, which takes a multipart or raw body; the definition says that this "
                f"method's body is {method.body}."
            )


def _holds_file(schema: object) -> bool:
    items = schema.get("items") if isinstance(schema, dict) else None
    return is_file(schema) or (isinstance(items, dict) and is_file(items))


def _body_problems(method: Method, body: Schema) -> Iterator[str]:
    if method.body == "none":
        if body:
            yield "body_schema: the definition says that this method takes no body."
        return
    whole = method.body_parameter
    if whole is None:
        return
    if whole not in body:
        yield f"body_schema: {whole}, which the definition takes as the whole body, is not among the properties."
    elif method.body == "raw" and not _is_text(body[whole]):
        yield f"body_schema.{whole}: is sent as it is, so its type must be string."
    for name in body:
        if name != whole:
            yield f"body_schema: {name} has no place, since the whole body is {whole}."


def _paging_problems(definition: Definition, method: Method, query: Schema, body: Schema) -> Iterator[str]:
    pagination = method.pagination or definition.pagination
    in_body = getattr(pagination, "send_in", "query") == "body"
    taken = dict.fromkeys([*PAGING_ARGUMENTS, *pagination.parameters])
    fixed = method.fixed_body if in_body else method.fixed_query
    renamed = {*method.parameter_names.values()}
    for name in taken:
        if name in renamed and not in_body and name not in PAGING_ARGUMENTS:
            yield f"parameter_names: {name} is sent by the paging of every list tool; take it out."
        if name in fixed:
            yield f"pagination: {name} is sent by fixed_{'body' if in_body else 'query'} too; take it out there."
        if name in query or name in body:
            yield f"query_schema: {name} is added to every list tool; take it out."
        elif in_body and name.partition(".")[0] in body:
            # Dots in the parameter's name lead into an object of the body, which the argument would share with paging.
            yield f"body_schema: {name.partition('.')[0]} holds the paging of every list tool ({name}); take it out."
    if in_body and method.body != "json":
        yield f"pagination: its parameters go into a JSON body, but this method's body is {method.body}."
    elif in_body and method.body_parameter:
        yield f"pagination: its parameters go into the body, but the whole body is {method.body_parameter}."


def properties_of(schema: object) -> Schema:
    """Return the properties of a schema; empty if it is malformed."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}


def _is_text(schema: object) -> bool:
    return all(kind in ("string", "null") for kind in kinds_of(schema))
