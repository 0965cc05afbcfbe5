"""The API reference page: the OpenAPI document as prose, with a curl command for each operation."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from api.openapi import SCHEME, document
from portal.requests import PortalRequest, visit_of
from portal.tools.argument_rows import ArgumentRow, arguments_of, kind_of
from portal.tools.commands import curl_over_rest

Schema = dict[str, Any]

GROUPS = {
    "integrated-account": "Integrated accounts",
    "mcp-server": "MCP servers",
    "tool": "Tools",
    "call": "Calls",
    "documentation": "Documentation",
    "integration": "Integrations",
    "api-token": "API tokens",
}
DEEPEST = 2
SAMPLES = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}


@dataclass(frozen=True, slots=True)
class DocumentedOperation:
    """One operation of the API.

    `answer` lists the body's members for `status`, the first documented response; `problems` pairs every other status
    with its description.
    """

    http: str
    path: str
    anchor: str
    title: str
    does: SafeString
    needs_token: bool
    parameters: list[ArgumentRow]
    body: list[ArgumentRow]
    status: str
    answer: list[ArgumentRow]
    example: str
    problems: list[tuple[str, str]]
    curl: str


@dataclass(frozen=True, slots=True)
class OperationGroup:
    """The operations that share an OpenAPI tag."""

    tag: str
    title: str
    operations: list[DocumentedOperation] = field(default_factory=list)


def with_code(text: str) -> SafeString:
    """Return a text as HTML, with everything between backticks marked up as code."""
    pieces = text.split("`")
    # Odd pieces are those between two backticks.
    marked_up = [
        format_html("<code>{}</code>", piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    ]
    return mark_safe("".join(marked_up))  # noqa: S308  each piece is escaped


@require_safe
def api_reference(request: HttpRequest) -> HttpResponse:
    """Show the API reference to anyone, inside the portal's frame for signed-in users."""
    # Not `signed_in`: the reference is public, so the visit is set only for signed-in users.
    layout = "api/outside.html"
    if request.user.is_authenticated:
        visitor = cast(PortalRequest, request)
        visitor.visit = visit_of(visitor)
        layout = "frame.html"
    context = {"layout": layout, "section": "api", "groups": reference()}
    return render(request, "api/reference.html", context)


@cache
def reference() -> list[OperationGroup]:
    """Return the operations of the OpenAPI document by tag, built once per process."""
    described = orjson.loads(document())
    schemas = described["components"]["schemas"]
    # GROUPS sets the page's order; a tag that it does not name comes last.
    groups = {tag: OperationGroup(tag, title) for tag, title in GROUPS.items()}
    for path, operations in described["paths"].items():
        for http, operation in operations.items():
            tag = operation["tags"][0]
            group = groups.setdefault(tag, OperationGroup(tag, tag.capitalize()))
            group.operations.append(_operation(http.upper(), path, operation, schemas))
    return list(groups.values())


def _operation(http: str, path: str, operation: Schema, schemas: Schema) -> DocumentedOperation:
    parameters = {
        "properties": {
            each["name"]: {
                **_resolved(each["schema"], schemas),
                "description": each.get("description", ""),
            }
            for each in operation.get("parameters", [])
        },
        "required": [each["name"] for each in operation.get("parameters", []) if each.get("required")],
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = _resolved(content.get("schema", {}), schemas)
    status = next(iter(operation["responses"]))
    answered = operation["responses"][status].get("content", {}).get("application/json", {})
    needs_token = {SCHEME: []} in operation.get("security", [])
    says = operation.get("description") or operation["summary"]
    problems = [(code, each["description"]) for code, each in operation["responses"].items() if code != status]
    sent = (_example(content) or _sample(body)) if content else None
    example = _example(answered)
    return DocumentedOperation(
        http=http,
        path=path,
        anchor=operation["operationId"],
        title=re.split(r"[.:;,](?:\s|$)", says, maxsplit=1)[0],
        does=with_code(says),
        needs_token=needs_token,
        parameters=list(_rows(parameters, schemas)),
        body=list(_rows(body, schemas)),
        status=status,
        answer=list(_rows(_resolved(answered.get("schema", {}), schemas), schemas)),
        example=json.dumps(example, indent=2, ensure_ascii=False) if example else "",
        problems=[(code if code != "default" else "5xx", words) for code, words in problems],
        curl=curl_over_rest(http, f"{settings.PUBLIC_URL}{path}", sent, with_api_token=needs_token),
    )


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    """Return a schema with its top-level `$ref`, single `allOf` or nullable union resolved, or that of its items.

    A union stays as it is unless its non-null members share one type; then the first of them represents it.
    """
    if "$ref" in schema:
        return _resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if len(schema.get("allOf", [])) == 1:
        rest = {name: value for name, value in schema.items() if name != "allOf"}
        return {**_resolved(schema["allOf"][0], schemas), **rest}
    choices = [each for each in schema.get("oneOf") or schema.get("anyOf") or [] if each.get("type") != "null"]
    if choices and len({str(each.get("type")) for each in choices}) == 1:
        rest = {name: value for name, value in schema.items() if name not in {"oneOf", "anyOf"}}
        return {**_resolved(choices[0], schemas), **rest}
    if isinstance(schema.get("items"), dict):
        return {**schema, "items": _resolved(schema["items"], schemas)}
    return schema


def _rows(schema: Schema, schemas: Schema, prefix: str = "", depth: int = 0) -> Iterator[ArgumentRow]:
    """Yield the members of an object and of nested objects, named by path: `config.methods`, `result[].id`."""
    resolved = {name: _resolved(each, schemas) for name, each in schema.get("properties", {}).items()}
    for row in arguments_of({**schema, "properties": resolved}):
        inner = resolved[row.name]
        name = f"{prefix}{row.name}"
        nested, separator = (inner.get("items", {}), "[].") if kind_of(inner) == "array" else (inner, ".")
        opens = depth < DEEPEST and bool(nested.get("properties"))
        takes = ("list of objects" if separator == "[]." else "object") if opens else row.takes
        yield ArgumentRow(name, takes, row.required, with_code(_description(row.description)))
        if opens:
            yield from _rows(nested, schemas, f"{name}{separator}", depth + 1)


def _description(text: str) -> str:
    """Return a description with drf-spectacular's list of enum values shortened to the labels that add something."""
    lead, _, listed = text.partition("* `")
    named = re.findall(r"`(\w+)` - (.+)", f"`{listed}") if listed else []
    meanings = [f"`{value}`: {label}" for value, label in named if label.lower() != value]
    return " ".join([lead.strip(), "; ".join(meanings)]).strip()


def _example(content: Schema) -> Any:
    if "example" in content:
        return content["example"]
    return next((each["value"] for each in content.get("examples", {}).values()), None)


def _sample(body: Schema) -> Schema:
    """Return a sample body with the required members, or the first member if none is required."""
    properties: dict[str, Schema] = body.get("properties", {})
    names = body.get("required") or [*properties][:1]
    return {name: _sample_of(properties[name]) for name in names}


def _sample_of(declared: Schema) -> Any:
    return declared["enum"][0] if declared.get("enum") else SAMPLES.get(kind_of(declared), "…")
