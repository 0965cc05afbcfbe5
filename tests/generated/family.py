"""A family of tools that among them have every kind that a definition can declare: paging, bodies, queries, answers."""

from typing import Any, get_args

import yaml

from accounts.definition.methods import QueryStyle

BASE_PATH = "/api/v2"
KEY = "generated-secret-key"
TEXT, NUMBER, WHOLE, FLAG = ({"type": kind} for kind in ("string", "number", "integer", "boolean"))
LISTED = {"type": "array", "items": TEXT}
NESTED = {"type": "object", "additionalProperties": {}}
ANYTHING = {"type": "array", "items": {}}
FILE = {"type": "string", "format": "binary"}
RECORD = {
    "type": "object",
    "properties": {"id": WHOLE, "name": TEXT, "body": TEXT, "tags": LISTED, "owner": {"type": "object"}},
}

PAGINGS: dict[str, dict[str, Any]] = {
    "offset": {"kind": "offset", "total": "total", "total_header": "X-Total"},
    "offset_body": {
        "kind": "offset",
        "send_in": "body",
        "limit_parameter": "page.size",
        "offset_parameter": "page.from",
    },
    "page": {"kind": "page", "limit_parameter": "per_page", "total_pages": "pages"},
    "page_plain": {"kind": "page", "first_page": 0, "more": "more", "max_limit": 10},
    "cursor": {"kind": "cursor", "cursor_parameter": "after", "limit_parameter": "size", "next_cursor": "next"},
    "cursor_header": {"kind": "cursor", "cursor_parameter": "after", "next_cursor_header": "X-Next", "more": "more"},
    "cursor_body": {"kind": "cursor", "cursor_parameter": "page.after", "next_cursor": "next", "send_in": "body"},
    "link": {"kind": "link", "limit_parameter": "size"},
    "link_url": {"kind": "link", "next_url": "next"},
    "range": {"kind": "range"},
    "whole": {"kind": "none"},
}
# Each with its path, its body and the properties of that.
BODIES: dict[str, dict[str, Any]] = {
    "json": {"body": "json"},
    "json_root": {"body": "json", "body_root": "item", "body_media_type": "application/vnd.desk+json"},
    "json_whole": {"body": "json", "body_parameter": "rows"},
    "form": {"body": "form", "query_styles": {"tree": "brackets", "labels": "indices", "extra": "dots"}},
    "multipart": {"body": "multipart", "query_styles": {"tree": "brackets"}},
    "raw": {"body": "raw", "body_parameter": "content", "body_media_type": "text/csv"},
}
PATHS = ["/items/{id}", "/items/{id}/links/{other}", "/files/{id}.json", "/pairs/{id}-{other}", "/{id}", "/a/{id}/b"]


def _integration(name: str, authentication: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "label": "Desk",
        "base_url": "https://desk.example/api/v2",
        "connection_fields": [{"name": "key", "label": "Key", "secret": True}],
        "authentication": {"kind": "api_key", "value": "{key}", **authentication},
        "connection_test": {"path": "/me"},
        "pagination": {"kind": "offset"},
        "errors": {"failed": "failed", "message": "error.text", "code": "error.code", "message_header": "X-Error"},
        "rate_limit": {"limit_header": "X-Calls-Limit", "reset_header": "X-Calls-Reset", "window_seconds": 60},
        "shaping": {"drop": "nulls", "html": ["body"]},
        "resources": {},
    }


class _Bundle:
    def __init__(self, name: str, authentication: dict[str, Any]) -> None:
        self.integration = _integration(name, authentication)
        self.records: list[dict[str, Any]] = []

    def add(self, resource: str, method: str, declared: dict[str, Any], **record: Any) -> None:
        """Add one method with its record."""
        resources = self.integration["resources"]
        resources.setdefault(resource, {"label": resource, "methods": {}})["methods"][method] = declared
        self.records.append(
            {
                "resource": resource,
                "method": method,
                "title": f"{resource} {method}",
                "description": f"Does what is generated for {resource} by way of {method}, for whatever is given.",
                **record,
            }
        )


def _described(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {**schema, "description": f"The {name} that the vendor is given."} for name, schema in properties.items()
    }


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": _described(properties),
        **({"required": list(required)} if required else {}),
    }


def bundle(name: str, authentication: dict[str, Any]) -> str:
    """Return the whole family as a bundle."""
    made = _Bundle(name, authentication)
    for count, (kind, paging) in enumerate(PAGINGS.items()):
        in_body = paging.get("send_in") == "body"
        path = "/projects/{id}/rows" if count % 2 else "/rows"
        declared = {
            "http": "POST" if in_body else "GET", "path": path, "access": "read", "result": "data",
            "paginated": True, "pagination": paging, **({"body": "json"} if in_body else {}),
        }  # fmt: skip
        query = {"state": TEXT, "ids": LISTED, **({"id": TEXT} if count % 2 else {})}
        record: dict[str, Any] = {"query_schema": _object(query, *(["id"] if count % 2 else []))}
        if in_body:
            record["body_schema"] = _object({"filter": NESTED, "words": LISTED})
        if count % 3 == 0:
            record["response_schema"] = {"type": "array", "items": RECORD}
        made.add("lists", kind, declared, **record)
    for count, (kind, body) in enumerate(BODIES.items()):
        path = PATHS[count % len(PATHS)]
        names = {"id": TEXT} | ({"other": TEXT} if "{other}" in path else {})
        fields: dict[str, Any] = {"title": TEXT, "level": WHOLE, "tree": NESTED, "labels": LISTED, "extra": NESTED}
        match kind:
            case "json_whole":
                fields = {"rows": ANYTHING}
            case "raw":
                fields = {"content": TEXT}
            case "multipart":
                fields |= {"file": FILE, "more": {"type": "array", "items": FILE}}
        declared = {"http": ("POST", "PUT", "PATCH")[count % 3], "path": path, "access": "write", **body}
        made.add("bodies", kind, declared, query_schema=_object(names, *names), body_schema=_object(fields))
    for style in get_args(QueryStyle):
        query = {"values": ANYTHING, "tree": NESTED, "text": TEXT, "flag": FLAG, "share": NUMBER, "count": WHOLE}
        declared = {
            "http": "GET", "path": "/found", "access": "read", "result": "data",
            "header_parameters": {"trace": "X-Trace"},
            "query_styles": dict.fromkeys(("values", "tree"), style),
        }  # fmt: skip
        made.add("queries", f"by_{style}", declared, query_schema=_object({**query, "trace": TEXT}))
    for count, path in enumerate(PATHS):
        for answer in ("json", "text", "html", "file"):
            names = {"id": TEXT if count % 2 else {}} | ({"other": TEXT} if "{other}" in path else {})
            declared = {"http": "GET", "path": path, "access": "read", "answer": answer}
            record = {"query_schema": _object(names, *names)}
            if answer == "json":
                record["response_schema"] = RECORD
            made.add("answers", f"{answer}_{count}", declared, **record)
    made.add(
        "answers", "delete", {"http": "DELETE", "path": "/items/{id}", "access": "write"},
        query_schema=_object({"id": WHOLE}, "id"),
    )  # fmt: skip
    return yaml.safe_dump(
        {"bundle": 1, "integration": made.integration, "documentation": made.records}, sort_keys=False
    )


FAMILIES = {"generated_header": {"header": "X-Key"}, "generated_query": {"query": "key"}}
