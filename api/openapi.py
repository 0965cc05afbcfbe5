"""The OpenAPI document of both APIs: drf-spectacular's operations merged with ninja's."""

from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from api.agent_api import PREFIX, agent_api
from api.problems import KIND_BY_STATUS, MEDIA_TYPE, TITLES, TYPE_PREFIX

Document = dict[str, Any]

SCHEME = "apiToken"
SECURITY_SCHEME = {"type": "http", "scheme": "bearer", "bearerFormat": "pbapi_…"}
PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457). A failed call also has vendor_status, where the vendor answered.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": ["about:blank", *(TYPE_PREFIX + kind for kind in TITLES)]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, what it means, and what to do."},
        "errors": {
            "type": "array",
            "description": "One for each invalid field.",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
        "vendor_status": {"type": "integer", "description": "The HTTP status that the vendor answered with."},
    },
}
RESULT = {
    "type": "object",
    "description": (
        "The result, as described by the tool's outputSchema, if any. A page has result, next_cursor, result_count; "
        "a file has file."
    ),
    "properties": {
        "file": {
            "type": "object",
            "description": "A file from the vendor; its content is in text or in base64.",
            "required": ["name", "media_type", "bytes"],
            "properties": {
                "name": {"type": "string"},
                "media_type": {"type": "string"},
                "bytes": {"type": "integer"},
                "text": {"type": "string"},
                "base64": {"type": "string", "contentEncoding": "base64"},
            },
        },
        "truncated": {
            "type": "array",
            "description": "What was cut to fit the budget, by its place.",
            "items": {"type": "object", "properties": {}},
        },
    },
    "additionalProperties": True,
}
LIMIT_HEADERS = {
    name: {"description": text, "schema": {"type": "integer"}}
    for name, text in {
        "ratelimit-limit": "How many requests the vendor allows in its window.",
        "ratelimit-remaining": "How many of them are left.",
        "ratelimit-reset": "Seconds until the window ends.",
    }.items()
}


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook has no types
    """The security scheme of API tokens, for drf-spectacular."""

    target_class = "api.authentication.ApiTokenAuthentication"
    name = SCHEME

    def get_security_definition(self, auto_schema: Any) -> Document:
        return SECURITY_SCHEME


def without_slashed_forms(endpoints: list[Any], **_: Any) -> list[Any]:
    """Leave out the paths with a trailing slash, which duplicate the others (a hook of drf-spectacular)."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def add_agent_operations(result: Document, **_: Any) -> Document:
    """Merge ninja's operations into the document, and add problems to every operation (a hook of drf-spectacular)."""
    agent: Document = dict(agent_api.get_openapi_schema(path_prefix=PREFIX))
    for path, operations in agent["paths"].items():
        for operation in operations.values():
            operation["security"] = [{SCHEME: []}]
        result["paths"].setdefault(path, {}).update(operations)
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**agent["components"].get("schemas", {}), "Problem": PROBLEM}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            add_problems(operation, path)
    describe_calls(result)
    result["paths"] = dict(sorted(result["paths"].items()))
    result["servers"] = [{"url": settings.PUBLIC_URL}]
    return result


def add_problems(operation: Document, path: str) -> None:
    """Add the problems that an operation with these parameters can return."""
    responses = operation["responses"]
    statuses = {401, 403} if {SCHEME: []} in operation.get("security", []) else set()
    if "{" in path:
        statuses.add(404)
    queried = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    if queried or "requestBody" in operation:
        statuses.add(400)
    if "requestBody" in operation:
        statuses |= {411, 413, 415}
    # Connecting and changing an account ask the vendor.
    if "requestBody" in operation and path in {f"/{PREFIX}", f"/{PREFIX}/{{account_id}}"}:
        statuses |= {409, 429, 502}
    for status in sorted(statuses):
        responses.setdefault(str(status), problem_response(status))
    responses["default"] = problem_response(500)
    # ninja's keys are integers, OpenAPI's are strings.
    operation["responses"] = {str(status): responses[status] for status in responses}


def problem_response(status: int) -> Document:
    """Return the response object of a problem with this status."""
    kind = KIND_BY_STATUS.get(status)
    words = TITLES[kind] if kind else HTTPStatus(status).phrase
    return {"description": words, "content": {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}}


def describe_calls(result: Document) -> None:
    """Describe what ninja does not know of a call: its body is an object, its headers give the vendor's limits."""
    operation = result["paths"][f"/{PREFIX}/{{account_id}}/tools/{{name}}"]["post"]
    schema = {"type": "object", "description": "The tool's arguments, as its inputSchema says."}
    operation["requestBody"] = {"content": {"application/json": {"schema": schema, "example": {"limit": 10}}}}
    responses = operation["responses"]
    responses["200"]["headers"] = LIMIT_HEADERS
    responses["200"]["content"] = {"application/json": {"schema": RESULT}}
    retry = {"Retry-After": {"description": "Seconds to wait, where known.", "schema": {"type": "integer"}}}
    responses["429"] = {**problem_response(429), "headers": {**LIMIT_HEADERS, **retry}}
    responses |= {str(status): problem_response(status) for status in (409, 502, 504)}


@cache
def document() -> bytes:
    """Return the document as JSON, built once in each process."""
    generator: Any = SchemaGenerator  # without types
    return orjson.dumps(generator().get_schema(request=None, public=True))


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Serve the document; it needs no token."""
    return HttpResponse(document(), content_type="application/json")
