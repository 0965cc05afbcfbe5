"""The arguments of an operation that go into the path, the query and headers, and their styles."""

import re
from dataclasses import dataclass, field

from accounts.definition import is_reserved_header, is_reserved_parameter
from tools.calling.queries import scalar
from tools.openapi.errors import OperationRefused
from tools.openapi.naming.paths import Template
from tools.openapi.naming.texts import plain, visible
from tools.openapi.reading.operations import Operation, Parameter
from tools.openapi.shapes.fitting import fitted
from tools.openapi.shapes.limits import CONTROL
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.openapi.shapes.schemas import Cleaner, CleanSchema

BUDGET = 6_000
ONE_BUDGET = 3_000
WORDS = 300
MAX_PARAMETER = 100
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
# Parameters that carry credentials, wherever a description puts them.
CREDENTIALS = frozenset(
    {"authorization", "token", "access_token", "x-api-key", "api-key", "apikey", "api_key", "x-auth-token"}
)
CREDENTIAL_QUERIES = frozenset({"access_token", "oauth_token", "api_key", "apikey", "auth_token"})
IDENTIFIERS = re.compile(
    r"(?:.*[_-])?(?:id|ids|sid|gid|uid|uuid|guid|key|number|slug|code)|.*(?:Id|ID|Sid|Gid|Uuid|Key)"
)


@dataclass(frozen=True)
class Arguments:
    """The query schema, and the method's settings for it; `path` may have renamed placeholders.

    `fixed` are query parameters that can have only one value.
    """

    path: str
    schema: Schema
    styles: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)


def arguments_of(
    operation: Operation,
    template: Template,
    cleaner: Cleaner,
    *,
    body: Schema,
    without: frozenset[str],
    credentials: frozenset[str],
    constant_headers: frozenset[str],
) -> Arguments:
    """Return the arguments of an operation except its body's; `without` are parameters that paging sends."""
    properties: Schema = {}
    required: list[str] = []
    path, names = _apart_from_body(template, body)
    declared = {each.name: each for each in operation.named("path")}
    for name, wire in names.items():
        properties[name] = _path_schema(declared.get(wire), cleaner)
        required.append(name)
    fixed = {**template.constants}
    styles = _queries(operation, properties, required, fixed, cleaner, without=without, credentials=credentials)
    kept_out = credentials | constant_headers
    headers = _headers(operation, properties, required, cleaner, taken={*body.get("properties", {})}, without=kept_out)
    _refuse_cookies(operation, credentials)
    made: Schema = {"type": "object", "properties": properties}
    if required:
        made["required"] = required
    if not properties:
        return Arguments(path, {}, fixed=fixed)
    made = fitted(lambda _depth: CleanSchema(made, _size(made, cleaner)), BUDGET)
    kept = made["properties"]
    return Arguments(
        path,
        {key: value for key, value in made.items() if key != "description"},
        {name: style for name, style in styles.items() if name in kept},
        {name: header for name, header in headers.items() if name in kept},
        fixed,
    )


def _queries(
    operation: Operation,
    properties: Schema,
    required: list[str],
    fixed: dict[str, str],
    cleaner: Cleaner,
    *,
    without: frozenset[str],
    credentials: frozenset[str],
) -> dict[str, str]:
    """Add the query's arguments to `properties`; return the styles that differ from the default."""
    styles: dict[str, str] = {}
    for each in operation.named("query"):
        if is_reserved_parameter(each.name):
            continue  # the vendor may let it override the HTTP method
        if each.name in without or each.name in properties or is_credential(each, credentials) or not _is_usable(each):
            continue
        schema = parameter_schema(each, cleaner)
        only = only_value(schema) if each.required and len(each.name) <= MAX_PARAMETER else None
        if only is not None:
            fixed.setdefault(each.name, scalar(only))
        if each.name in fixed:
            continue
        properties[each.name] = schema
        if each.required:
            required.append(each.name)
        style = query_style(each, schema)
        if style:
            styles[each.name] = style
    return styles


def only_value(schema: Schema) -> str | int | float | bool | None:
    """Return the only value that a schema allows; None if it allows several."""
    allowed = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return allowed[0] if len(allowed) == 1 and isinstance(allowed[0], str | int | float) else None


def _size(schema: Schema, cleaner: Cleaner) -> int:
    return 40 + sum(len(name) + 4 + cleaner.size_of(child) for name, child in schema["properties"].items())


def _apart_from_body(template: Template, body: Schema) -> tuple[str, dict[str, str]]:
    """Rename placeholders that share their name with a body member of possibly another value.

    An id is the same in both places. A name is not: the path says which object, the body what to call it from then on.
    """
    path, names = template.path, {}
    for name, wire in template.placeholders.items():
        if name in body.get("properties", {}) and not IDENTIFIERS.fullmatch(name):
            other = f"current_{name}"
            path = path.replace("{" + name + "}", "{" + other + "}")
            names[other] = wire
        else:
            names[name] = wire
    return path, names


def _path_schema(parameter: Parameter | None, cleaner: Cleaner) -> Schema:
    """Return the schema of a path parameter, which is always a single value."""
    if parameter is None:
        return {"type": "string"}
    schema = parameter_schema(parameter, cleaner)
    if {"array", "object"} & set(kinds_of(schema)):
        return {"type": "string", **({"description": schema["description"]} if "description" in schema else {})}
    return schema


def parameter_schema(parameter: Parameter, cleaner: Cleaner) -> Schema:
    """Return the clean schema of a parameter, with its own words and example."""
    schema = fitted(lambda depth: cleaner.cleaned(parameter.schema, min(depth, 3)), ONE_BUDGET)
    words = plain(parameter.description, WORDS)
    added: Schema = {}
    if words:
        described = schema.get("description", "")
        # The cleaner lists values that are no enum in the description.
        added["description"] = f"{words} {described}" if described.startswith("One of ") else words
    if parameter.deprecated:
        added["deprecated"] = True
    if isinstance(parameter.example, str | int | float) and "enum" not in schema and "examples" not in schema:
        text = str(parameter.example)
        if "string" in kinds_of(schema) and 0 < len(text) <= 80 and visible(text) == text and text.isprintable():
            added["examples"] = [text]
    return {**schema, **added} if added else schema


def query_style(parameter: Parameter, schema: Schema) -> str:
    """Return how a list or object is written into the query; empty for the default style."""
    kinds = set(kinds_of(schema))
    if not {"array", "object"} & kinds:
        return ""
    if parameter.is_json:
        return "json"
    holds_objects = bool({"object", "array"} & set(kinds_of(schema.get("items"))))
    # OpenAPI 3, Parameter Object, style values.
    match parameter.style:
        case "deepObject":
            return "indices" if holds_objects else "brackets"
        case "spaceDelimited":
            return "space"
        case "pipeDelimited":
            return "pipe"
    if not parameter.explode:
        return "comma"
    if "object" in kinds and "array" not in kinds:
        return "members"
    return "json" if holds_objects else ""


def is_credential(parameter: Parameter, credentials: frozenset[str]) -> bool:
    """Return whether a parameter carries credentials, which come from the account and never from a model."""
    name = parameter.name.lower()
    if parameter.place == "query":
        is_token = name == "token" and "authenticat" in parameter.description.lower()
        return parameter.name in credentials or name in CREDENTIAL_QUERIES or is_token
    return name in credentials or name in CREDENTIALS


def _is_usable(parameter: Parameter) -> bool:
    fits = len(parameter.name) <= 200 and visible(parameter.name) == parameter.name
    if fits and not CONTROL.search(parameter.name):
        return True
    if parameter.required:
        raise OperationRefused("a parameter that it needs has a name that cannot be sent")
    return False


def _headers(
    operation: Operation,
    properties: Schema,
    required: list[str],
    cleaner: Cleaner,
    *,
    taken: set[str],
    without: frozenset[str],
) -> dict[str, str]:
    """Add the header parameters, except those that Patchbay sets; return the headers by argument."""
    headers: dict[str, str] = {}
    for each in operation.named("header"):
        lower = each.name.lower()
        if is_reserved_header(each.name) or is_credential(each, without):
            continue
        if not HEADER.fullmatch(each.name) or lower in {name.lower() for name in headers.values()}:
            continue
        schema = parameter_schema(each, cleaner)
        if {"array", "object"} & set(kinds_of(schema)):
            schema = {key: value for key, value in schema.items() if key == "description"} | {"type": "string"}
        name = each.name
        # Path, query, headers and body share one flat object of arguments.
        while name in properties or name in taken:
            name = f"{name}_header"
        properties[name] = schema
        headers[name] = each.name
        if each.required:
            required.append(name)
    return headers


def _refuse_cookies(operation: Operation, credentials: frozenset[str]) -> None:
    for each in operation.named("cookie"):
        if each.required and each.name not in credentials:
            raise OperationRefused(f"it needs the cookie {each.name[:40]}, and no cookies are kept")
