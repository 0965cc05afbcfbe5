"""The arguments of an operation that go into the path, the query and headers, and their styles."""

import re
from dataclasses import dataclass, field
from typing import Any

import inflection

from accounts.definition import is_reserved_header, is_reserved_parameter
from tools.calling.sending.queries import as_json, scalar
from tools.catalogue.withheld import is_credential_name
from tools.openapi.errors import OperationRefused
from tools.openapi.naming.paths import Template
from tools.openapi.naming.texts import plain, visible
from tools.openapi.reading.operations import Operation, Parameter
from tools.openapi.shapes.clean_schemas import CleanSchema
from tools.openapi.shapes.fitting import fitted
from tools.openapi.shapes.limits import CONTROL
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.openapi.shapes.schemas import Cleaner
from tools.openapi.styles import path_style, query_style, simple_style

BUDGET = 6_000
ONE_BUDGET = 3_000
WORDS = 300
MAX_PARAMETER = 100
SAME_WORDS = 200
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
# Parameters that carry credentials, wherever a description puts them.
CREDENTIALS = frozenset(
    {
        "authorization", "token", "access_token", "x-api-key", "api-key", "apikey", "api_key", "x-auth-token",
        "x-apikey", "x-api-token", "x-access-token", "x-app-key", "x-application-key", "x-auth-key", "x-secret-key",
    }
)  # fmt: skip
# Names of what a vendor assigns, and nobody changes; a code, a number or a key may be one's own choice.
IDENTIFIERS = re.compile(r"(?:.*[_-])?(?:id|ids|sid|gid|uid|uuid|guid)|.*(?:Id|ID|Sid|Gid|Uuid)")
CHOSEN_IDENTIFIERS = re.compile(r"(?:.*[_-])?(?:key|number|slug|code)|.*Key")


# A description or an example that says so, makes the slashes of a path value part of it.
ENCODED = re.compile(r"\b(?:url|uri|percent)[ -]?(?:encoded?|escaped?)\b|%2f", re.IGNORECASE)
WITH_SLASH = re.compile(
    r"(?:e\.g\.|examples?|such as|like)[^`'\"]{0,30}[`'\"][\w.-]+(?:/[\w.-]+)+[`'\"]", re.IGNORECASE
)
# Identifiers that do not say of what.
PLAIN_IDENTIFIERS = frozenset({"id", "_id", "uuid", "guid", "gid", "sid"})
# Cookies that stand for a person who is signed in.
SESSIONS = re.compile(r"sess|auth|token|jwt|csrf|xsrf|(?:^|[._-])sid$", re.IGNORECASE)


@dataclass(frozen=True)
class Arguments:
    """The query schema, and the method's settings for it; `path` may have renamed placeholders.

    `settings` are the method's other settings for these arguments, by their name in a definition.
    """

    path: str
    schema: Schema
    styles: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Draft:
    """The arguments of an operation as they are collected; `taken` are the members of its body."""

    cleaner: Cleaner
    body: Schema
    properties: Schema = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    styles: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    # The settings of a method that are by property, and those that only list properties.
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, schema: Schema, *, required: bool) -> None:
        self.properties[name] = schema
        if required:
            self.required.append(name)

    def set(self, setting: str, name: str, value: str) -> None:
        self.named.setdefault(setting, {})[name] = value

    def list(self, setting: str, name: str) -> None:
        self.listed.setdefault(setting, []).append(name)

    def free_name(self, name: str, place: str) -> str:
        """Return an argument's name: with its place behind it, if another place has an argument of this name."""
        while name in self.properties or name in self.body:
            name = f"{name}_{place}"
        return name

    def settings(self, kept: Schema) -> dict[str, Any]:
        """Return the settings for the arguments that were kept."""
        made: dict[str, Any] = {
            setting: {name: value for name, value in values.items() if name in kept}
            for setting, values in self.named.items()
        }
        made |= {setting: [name for name in names if name in kept] for setting, names in self.listed.items()}
        return {setting: value for setting, value in {**made, "fixed_query": self.fixed}.items() if value}


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
    draft = _Draft(cleaner, body.get("properties", {}), fixed={**template.constants})
    path = _path(operation, template, draft)
    _queries(operation, draft, without=without, credentials=credentials)
    _headers(operation, draft, without=credentials | constant_headers)
    _cookies(operation, draft, credentials)
    made: Schema = {"type": "object", "properties": draft.properties}
    if draft.required:
        made["required"] = draft.required
    if not draft.properties:
        return Arguments(path, {}, settings=draft.settings({}))
    made = fitted(lambda _depth: CleanSchema(made, _size(made, cleaner)), BUDGET, names_all=True)
    kept = made["properties"]
    return Arguments(
        path,
        {key: value for key, value in made.items() if key != "description"},
        {name: style for name, style in draft.styles.items() if name in kept},
        draft.settings(kept),
    )


def _path(operation: Operation, template: Template, draft: _Draft) -> str:
    """Add the path's arguments; return the path."""
    declared = {each.name: each for each in operation.named("path")}
    schemas: Schema = {
        wire: _path_schema(declared[wire], draft) if wire in declared else {"type": "string"}
        for wire in template.placeholders.values()
    }
    path, names = _apart_from_body(template, draft.body, schemas)
    for name, wire in names.items():
        parameter = declared.get(wire)
        draft.add(name, schemas[wire], required=True)
        if parameter is None:
            continue
        style = path_style(parameter, draft.properties[name])
        if style:
            draft.set("path_styles", name, style)
        if style.startswith("matrix") and name != wire:
            draft.set("parameter_names", name, wire)
        if takes_slashes(parameter):
            draft.list("encoded_slashes", name)
    return path


def takes_slashes(parameter: Parameter) -> bool:
    """Return whether the document expects values with slashes in a segment of the path."""
    if parameter.allow_reserved or any("/" in each.strip("/") and "://" not in each for each in parameter.samples):
        return True
    return any(words.search(parameter.description) for words in (ENCODED, WITH_SLASH))


def _queries(operation: Operation, draft: _Draft, *, without: frozenset[str], credentials: frozenset[str]) -> None:
    """Add the query's arguments, and the parameters that have only one value."""
    for each in operation.named("query"):
        if is_reserved_parameter(each.name):
            continue  # the vendor may let it override the HTTP method
        if each.name in without or is_credential(each, credentials) or not _is_usable(each):
            continue
        schema = parameter_schema(each, draft.cleaner)
        only = only_value(schema) if each.required and len(each.name) <= MAX_PARAMETER else None
        if only is not None:
            draft.fixed.setdefault(each.name, as_json(only).decode() if each.is_json else scalar(only))
        if each.name in draft.fixed:
            continue
        in_both = each.name in draft.body and means_the_same(schema, draft.body[each.name])
        name = each.name if in_both else draft.free_name(each.name, "query")
        draft.add(name, schema, required=each.required)
        if name != each.name:
            draft.set("parameter_names", name, each.name)
        if each.allow_reserved:
            draft.list("reserved_characters", name)
        style = query_style(each, schema)
        if style:
            draft.styles[name] = style


def means_the_same(one: Schema, other: Schema) -> bool:
    """Return whether two schemas describe one thing: the same type, the same values, and the same words."""
    return (
        _words(one) == _words(other) != ""
        and kinds_of(one) == kinds_of(other)
        and one.get("enum") == other.get("enum")
        and not {"array", "object"} & set(kinds_of(one))
    )


def _words(schema: Schema) -> str:
    """Return how a schema describes itself, in a form that can be compared."""
    return str(schema.get("description", ""))[:SAME_WORDS].strip(" .…").lower()


def only_value(schema: Schema) -> str | int | float | bool | None:
    """Return the only value that a schema allows; None if it allows several."""
    allowed = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return allowed[0] if len(allowed) == 1 and isinstance(allowed[0], str | int | float) else None


def _size(schema: Schema, cleaner: Cleaner) -> int:
    return 40 + sum(len(name) + 4 + cleaner.size_of(child) for name, child in schema["properties"].items())


def _apart_from_body(template: Template, members: Schema, schemas: Schema) -> tuple[str, dict[str, str]]:
    """Rename placeholders that share their name with a body member of possibly another value.

    A name is not the same in both places: the path says which object, the body what to call it from then on. `schemas`
    are those of the path, by the vendor's names.
    """
    path, names = template.path, {}
    for name, wire in template.placeholders.items():
        is_same = name in members and _is_one_id(name, schemas[wire], members[name])
        if name not in members or (is_same and not _adds_another(path, name)):
            names[name] = wire
            continue
        other = f"current_{name}"
        while other in members or other in template.placeholders:
            other = f"current_{other}"
        path = path.replace("{" + name + "}", "{" + other + "}")
        names[other] = wire
    return path, names


def _adds_another(path: str, name: str) -> bool:
    """Return whether a plain id in the body is that of another record: `/triggers/{id}/services`."""
    if name.lower() not in PLAIN_IDENTIFIERS:
        return False
    rest = path.partition("{" + name + "}")[2].strip("/").rpartition("/")[2]
    return bool(rest) and "{" not in rest and inflection.pluralize(rest) == rest


def _is_one_id(name: str, in_path: Schema, in_body: Schema) -> bool:
    """Return whether a name is the same id in path and body, which may still write it in different types.

    The body says so by the words of the path; for an id that the vendor assigns, also by no words of its own.
    """
    words = _words(in_body)
    if IDENTIFIERS.fullmatch(name) and not words:
        return True
    is_id = IDENTIFIERS.fullmatch(name) or CHOSEN_IDENTIFIERS.fullmatch(name)
    return bool(is_id) and words == _words(in_path) != ""


def _path_schema(parameter: Parameter, draft: _Draft) -> Schema:
    """Return the schema of a path parameter, in which nothing may be empty."""
    schema = parameter_schema(parameter, draft.cleaner)
    return {**schema, "minItems": 1} if kinds_of(schema) == ["array"] and "minItems" not in schema else schema


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
    if parameter.allow_empty and "string" in kinds_of(schema) and "minLength" not in schema:
        added["minLength"] = 0  # says that an empty value is meant, where it is otherwise left out
    if isinstance(parameter.example, str | int | float) and "enum" not in schema and "examples" not in schema:
        text = str(parameter.example)
        if "string" in kinds_of(schema) and 0 < len(text) <= 80 and visible(text) == text and text.isprintable():
            added["examples"] = [text]
    return {**schema, **added} if added else schema


def is_credential(parameter: Parameter, credentials: frozenset[str]) -> bool:
    """Return whether a parameter carries credentials, which come from the account and never from a model."""
    name = parameter.name.lower()
    if parameter.place == "query":
        is_token = name == "token" and "authenticat" in parameter.description.lower()
        return parameter.name in credentials or is_credential_name(name) or is_token
    return name in credentials or name in CREDENTIALS


def _headers(operation: Operation, draft: _Draft, *, without: frozenset[str]) -> None:
    """Add the header parameters, except those that Patchbay sets."""
    taken: set[str] = set()
    for each in operation.named("header"):
        lower = each.name.lower()
        if is_reserved_header(each.name) or is_credential(each, without):
            continue
        if not HEADER.fullmatch(each.name) or lower in taken:
            continue
        taken.add(lower)
        name = draft.free_name(each.name, "header")
        draft.add(name, parameter_schema(each, draft.cleaner), required=each.required)
        draft.set("header_parameters", name, each.name)
        style = simple_style(each, draft.properties[name])
        if style:
            draft.styles[name] = style


def _cookies(operation: Operation, draft: _Draft, credentials: frozenset[str]) -> None:
    """Add the cookies that are plain arguments; a session's belong to the account, if a scheme describes them."""
    for each in operation.named("cookie"):
        if is_credential(each, credentials) or is_reserved_parameter(each.name):
            continue
        if SESSIONS.search(each.name) or not HEADER.fullmatch(each.name):
            if each.required:
                raise OperationRefused(f"it needs the cookie {each.name[:40]}, and no cookies are kept")
            continue
        name = draft.free_name(each.name, "cookie")
        draft.add(name, parameter_schema(each, draft.cleaner), required=each.required)
        draft.set("cookie_parameters", name, each.name)
        style = simple_style(each, draft.properties[name])
        if style:
            draft.styles[name] = style


def is_credential_parameter(parameter: Parameter) -> bool:
    """Return whether a parameter of the query or a header is by its name one that carries credentials."""
    return parameter.place in {"query", "header"} and is_credential(parameter, frozenset())


def _is_usable(parameter: Parameter) -> bool:
    fits = len(parameter.name) <= 200 and visible(parameter.name) == parameter.name
    if fits and not CONTROL.search(parameter.name):
        return True
    if parameter.required:
        raise OperationRefused("a parameter that it needs has a name that cannot be sent")
    return False
