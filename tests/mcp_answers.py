"""Hold every answer of the MCP endpoint against its revision.

The `mcp-types` package is asked always; the protocol's official JSON schemas are too, where they lie beside the
checkout (`../shared/mcp-schema/`).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from django.conf import settings
from mcp_types import methods
from mcp_types.jsonrpc import JSONRPCError, JSONRPCResponse

SCHEMAS = Path(settings.BASE_DIR).parent / "shared" / "mcp-schema"
RESULTS = {
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "server/discover": "DiscoverResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "completion/complete": "CompleteResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
}


@cache
def _validator(version: str, definition: str) -> jsonschema_rs.Draft202012Validator | jsonschema_rs.Draft7Validator:
    schema = json.loads((SCHEMAS / f"{version}.json").read_text())
    if "$defs" in schema:
        return jsonschema_rs.Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{definition}"})
    referring = {"definitions": schema["definitions"], "allOf": [{"$ref": f"#/definitions/{definition}"}]}
    return jsonschema_rs.Draft7Validator(referring)


def _names(version: str) -> set[str]:
    schema = json.loads((SCHEMAS / f"{version}.json").read_text())
    return set(schema.get("$defs") or schema["definitions"])


def check_answer(version: str, method: str, answer: dict[str, Any]) -> None:
    """Assert that an answer to a request is what its revision of the protocol says."""
    official = SCHEMAS.is_dir()
    if "error" in answer:
        if answer.get("id") is None and version < "2025-11-25":
            return  # no schema before 2025-11-25 has an error whose request could not be read
        JSONRPCError.model_validate(answer)
        if official:
            name = "JSONRPCError" if "JSONRPCError" in _names(version) else "JSONRPCErrorResponse"
            _validator(version, name).validate(answer)
        return
    JSONRPCResponse.model_validate(answer)
    methods.validate_server_result(method, version, answer["result"])
    if official:
        name = "JSONRPCResultResponse" if version >= "2025-11-25" else "JSONRPCResponse"
        _validator(version, name).validate(answer)
        _validator(version, RESULTS[method]).validate(answer["result"])
