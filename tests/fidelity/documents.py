"""Descriptions for the differential test: every place and style, every kind of body and answer, in each version."""

import json
from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT}
POINT = {"type": "object", "required": ["x"], "properties": {"x": NUMBER, "label": TEXT}}
ITEM = {"type": "object", "properties": {"id": NUMBER, "name": TEXT, "where": POINT, "labels": TEXTS}}
STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
VALUES = {"text": TEXT, "number": {"type": "number"}, "truth": {"type": "boolean"}, "texts": TEXTS, "point": POINT}
# OpenAPI 3.1.1, Style Values: which styles are for which types.
ONLY_FOR = {"spaceDelimited": ("texts", "point"), "pipeDelimited": ("texts", "point"), "deepObject": ("point",)}
Paths = dict[str, dict[str, Any]]


def content(schema: Any, media_type: str = "application/json", **more: Any) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema, **more}}}


def answered(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    return {"200": {"description": "OK", **content(schema, media_type)}}


def styled() -> Paths:
    """Return an operation for each place, style, explode and type."""
    paths: Paths = {}
    for place, styles in STYLES.items():
        for style in styles:
            for explode in (False, True):
                for kind, schema in VALUES.items():
                    if kind in ONLY_FOR.get(style, VALUES):
                        name = f"{place}_{style}_{explode}_{kind}".lower()
                        paths |= _with_parameter(name, place, schema, {"style": style, "explode": explode})
    return paths


def _with_parameter(path: str, place: str, schema: Any, more: dict[str, Any]) -> Paths:
    name = f"X-{path.title()}".replace("_", "-") if place == "header" else "value"
    parameter = {"name": name, "in": place, "required": place == "path", "schema": schema, **more}
    where = f"/{path}/{{value}}" if place == "path" else f"/{path}"
    other = {"name": "other", "in": "query", "schema": TEXT}
    return {where: {"get": {"parameters": [parameter, other], "responses": answered(ITEM)}}}


def in_content() -> Paths:
    """Return operations whose parameters are JSON, reserved characters, or have one name in several places."""
    in_json = {"name": "filter", "in": "query", **content(ITEM)}
    reserved = {"name": "to", "in": "query", "allowReserved": True, "schema": TEXT}
    slashes = {"name": "project", "in": "path", "required": True, "schema": {**TEXT, "example": "group/project"}}
    shared = [
        {"name": "status", "in": place, "required": place == "path", "schema": TEXT} for place in ("path", "query")
    ]
    constant = {"name": "version", "in": "query", "required": True, "schema": {**TEXT, "enum": ["2"]}}
    return {
        "/json": {"get": {"parameters": [in_json, reserved, constant], "responses": answered(ITEM)}},
        "/projects/{project}/runs": {"get": {"parameters": [slashes], "responses": answered(ITEM)}},
        "/moves/{status}": {
            "post": {
                "parameters": shared,
                "requestBody": content({"type": "object", "properties": {"status": TEXT, "note": TEXT}}),
                "responses": answered(ITEM),
            }
        },
    }


def schemas(*, nullable: Any) -> dict[str, Any]:
    """Return the shapes that bodies have; `nullable` makes one of a schema that takes null as well."""
    base = {"type": "object", "required": ["kind"], "properties": {"kind": TEXT, "note": nullable(TEXT)}}
    return {
        "Circle": {"allOf": [base, {"type": "object", "required": ["radius"], "properties": {"radius": NUMBER}}]},
        "Square": {"allOf": [base, {"type": "object", "properties": {"side": nullable(NUMBER)}}]},
        "Shape": {
            "oneOf": [{"$ref": "#/components/schemas/Circle"}, {"$ref": "#/components/schemas/Square"}],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"circle": "#/components/schemas/Circle", "square": "#/components/schemas/Square"},
            },
        },
        "Tree": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": TEXT, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
        },
        "Ticket": {
            "type": "object",
            "required": ["subject", "shape"],
            "properties": {
                "id": {**NUMBER, "readOnly": True},
                "subject": {**TEXT, "minLength": 1, "maxLength": 200},
                "assignee": nullable(NUMBER),
                "tags": nullable(TEXTS),
                "grid": {"type": "array", "items": {"type": "array", "items": NUMBER}},
                "shape": {"$ref": "#/components/schemas/Shape"},
                "tree": {"$ref": "#/components/schemas/Tree"},
                "custom": {"type": "object", "additionalProperties": True},
                "limits": {"type": "object", "additionalProperties": NUMBER},
                "due": {**TEXT, "format": "date-time"},
                "code": {**TEXT, "pattern": "^[A-Z]{3}-[0-9]{2,4}$"},
                "share": {"type": "number", "minimum": 0, "maximum": 1},
            },
        },
    }


def bodies() -> Paths:
    """Return an operation for each kind of body."""
    ticket = {"$ref": "#/components/schemas/Ticket"}
    fields = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": TEXT, **VALUES, "items": {"type": "array", "items": POINT}},
    }
    styles = {"texts": {"style": "form", "explode": False}, "point": {"style": "deepObject", "explode": True}}
    parts = {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {**TEXT, "format": "binary"},
            "pictures": {"type": "array", "items": {**TEXT, "format": "binary"}},
            "about": POINT,
            "note": TEXT,
            "page": TEXT,
            "picture": {**TEXT, "contentEncoding": "base64", "contentMediaType": "image/png"},
            "letter": {**TEXT, "format": "byte"},
            "carried": {**TEXT, "format": "binary"},
        },
    }
    in_base64 = {"headers": {"Content-Transfer-Encoding": {"schema": {**TEXT, "enum": ["base64"]}}}}
    types = {
        "about": {"contentType": "application/json"}, "page": {"contentType": "text/html"}, "carried": in_base64,
        "letter": {"contentType": "image/png"},
    }  # fmt: skip
    told_apart = {
        "oneOf": [
            {"type": "object", "required": ["kind", "size"], "properties": {"kind": {"const": "box"}, "size": NUMBER}},
            {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": ["bag"]}, "size": TEXT, "id": {**NUMBER, "readOnly": True}},
            },
        ]
    }
    named = {"type": "object", "properties": {"name": TEXT}, "patternProperties": {"^s_": TEXT, "^n_": NUMBER}}
    form, multipart = "application/x-www-form-urlencoded", "multipart/form-data"
    kinds = {
        "json": content(ticket),
        "patch": content({"type": "object", "properties": {"ticket": ticket}}, "application/merge-patch+json"),
        "text-json": content(POINT, "text/json"),
        "open": content({"type": "object", "properties": {"name": TEXT}, "additionalProperties": True}),
        "list": content({"type": "array", "items": ticket}),
        "free": content({"type": "object", "additionalProperties": True}),
        "form": content(fields, form),
        "styled-form": content(fields, form, encoding=styles),
        "multipart": content(parts, multipart, encoding=types),
        "csv": content(TEXT, "text/csv"),
        "told-apart": content(told_apart),
        "told-apart-inside": content({"type": "object", "properties": {"name": TEXT, "what": told_apart}}),
        "named": content({"type": "object", "properties": {"name": TEXT, "free": named}}),
        "picture": content({**TEXT, "contentEncoding": "base64"}, "image/png"),
        "letter": content({**TEXT, "format": "byte"}, "image/gif"),
        "bytes": content({**TEXT, "format": "binary"}, "application/pdf"),
    }
    paths: Paths = {}
    for name, body in kinds.items():
        for required in (False, True):
            paths[f"/{name}-{required}".lower()] = {
                "post": {"requestBody": {**body, "required": required}, "responses": answered(ticket)}
            }
    return paths


def answers() -> Paths:
    """Return operations for each kind of answer."""
    envelope = {"type": "object", "properties": {"items": {"type": "array", "items": ITEM}, "total": NUMBER}}
    wrapped = {"type": "object", "properties": {"wrapped": ITEM, "warnings": TEXTS, "meta": POINT}}
    problem = {"type": "object", "properties": {"title": TEXT, "detail": TEXT, "status": NUMBER}}
    later = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": NUMBER, "where": TEXT, "labels": POINT, "wait": NUMBER},
    }
    nested = {
        "type": "object",
        "properties": {"error": {"type": "object", "properties": {"code": NUMBER, "message": TEXT}}},
    }
    kinds = {
        "whole": answered(ITEM),
        "items": answered(envelope),
        "rows": answered({"type": "array", "items": ITEM}),
        "wrapped": answered(wrapped),
        "plain": answered(TEXT, "text/plain"),
        "export": answered({**TEXT, "format": "binary"}, "application/octet-stream"),
        "either": {**answered(ITEM), "202": {"description": "Later", **content(later)}},
        "either-rows": {**answered(envelope), "202": {"description": "Later", **content(later)}},
        "nothing": {"204": {"description": "Done"}},
        "empty": {"200": {"description": "Done"}},
    }
    failures = {
        "400": {"description": "No", **content(problem, "application/problem+json")},
        "422": {"description": "No", **content(nested)},
    }
    paths: Paths = {f"/{name}": {"get": {"responses": {**each, **failures}}} for name, each in kinds.items()}
    paths |= {f"/done/{name}": {"post": {"responses": {**each, **failures}}} for name, each in kinds.items()}
    return paths


def document(paths: Paths, version: str = "3.1.0") -> str:
    """Return a description of these paths in a version of OpenAPI 3."""
    nullable = _nullable_30 if version.startswith("3.0") else _nullable_31
    return json.dumps({
        "openapi": version,
        "info": {"title": "Acme", "version": "1"},
        "servers": [{"url": "https://acme.example/base"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(nullable=nullable),
        },
    })  # fmt: skip


def _nullable_30(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "nullable": True}


def _nullable_31(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def sequences() -> Paths:
    """Return what only OpenAPI 3.2 has: `query`, and answers of which only the items are described."""
    lines = {"200": {"description": "OK", "content": {"application/jsonl": {"itemSchema": ITEM}}}}
    return {
        "/find": {"query": {"requestBody": {"required": True, **content(POINT)}, "responses": answered(ITEM)}},
        "/lines": {"get": {"responses": lines}},
    }


def swagger() -> str:
    """Return a description in Swagger 2.0."""
    formats = {name: {"name": name, "in": "query", "type": "array", "items": TEXT, "collectionFormat": name}
               for name in ("csv", "ssv", "tsv", "pipes", "multi")}  # fmt: skip
    fields = [
        {"name": "title", "in": "formData", "type": "string", "required": True},
        {"name": "labels", "in": "formData", "type": "array", "items": TEXT, "collectionFormat": "csv"},
        {"name": "each", "in": "formData", "type": "array", "items": TEXT, "collectionFormat": "multi"},
    ]
    upload = [{"name": "file", "in": "formData", "type": "file", "required": True}, *fields]
    body = {"name": "point", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Point"}}
    done = {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Point"}}}
    codes = {"name": "codes", "in": "path", "required": True, "type": "array", "items": TEXT}
    return json.dumps({
        "swagger": "2.0",
        "info": {"title": "Acme", "version": "1"},
        "host": "acme.example",
        "basePath": "/base",
        "schemes": ["https"],
        "securityDefinitions": {"key": {"type": "basic"}},
        "security": [{"key": []}],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "definitions": {"Point": POINT},
        "paths": {
            "/lists": {"get": {"parameters": [*formats.values()], "responses": done}},
            "/codes/{codes}": {"get": {"parameters": [codes], "responses": done}},
            "/points": {"post": {"parameters": [body], "responses": done}},
            "/forms": {
                "post": {"consumes": ["application/x-www-form-urlencoded"], "parameters": fields, "responses": done}
            },
            "/files": {"post": {"consumes": ["multipart/form-data"], "parameters": upload, "responses": done}},
        },
    })  # fmt: skip


def all_documents() -> dict[str, str]:
    """Return the descriptions by what they are about."""
    return {
        "styles in 3.0": document(styled(), "3.0.3"),
        "styles in 3.1": document({**styled(), **in_content()}),
        "bodies in 3.0": document(bodies(), "3.0.3"),
        "bodies in 3.1": document(bodies()),
        "answers": document(answers()),
        "3.2": document(sequences(), "3.2.0"),
        "Swagger 2.0": swagger(),
    }
