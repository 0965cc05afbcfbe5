"""The envelope: JSON-RPC 2.0 messages read from a body, and answers written."""

from dataclasses import dataclass
from typing import Any

import orjson

from accounts import bounded_json
from accounts.errors import AllowanceUsedUp, BeyondLimits, NotJSON
from mcpservers.errors import JsonRpcError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
# JSON-RPC 2.0, Error object: the server's own
LIMIT_REACHED = -32000
# MCP 2026-07-28, Error Codes
HEADER_MISMATCH = -32020
UNSUPPORTED_PROTOCOL_VERSION = -32022

Id = str | int
# An id comes back in the answer, and in each event of a subscription.
MAX_ID = 1000


# MCP keeps what a message tells of itself in this member of its params.
META = "_meta"


@dataclass(frozen=True, slots=True)
class Request:
    """A message that is answered, under its id."""

    id: Id
    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that is not answered."""

    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Response:
    """A client's answer. Nothing here asks clients anything, so that what it says is not kept."""


Envelope = Request | Notification | Response


def meta_of(message: Envelope) -> dict[str, Any] | None:
    """Return what a message tells of itself; None where it tells nothing that can be read."""
    meta = None if isinstance(message, Response) else message.params.get(META)
    return meta if isinstance(meta, dict) else None


def read_body(body: bytes) -> Any:
    """Return the JSON of a body; raise JsonRpcError."""
    try:
        return bounded_json.loads_request(body)
    except BeyondLimits as problem:
        raise JsonRpcError(INVALID_REQUEST, f"Invalid request: the body is {problem}.", status=400) from None
    except NotJSON:
        raise JsonRpcError(PARSE_ERROR, "Parse error: the body is not valid JSON in UTF-8.", status=400) from None


def read_message(value: Any) -> Envelope:
    """Return the message that a JSON value holds; raise JsonRpcError."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise JsonRpcError(INVALID_REQUEST, 'Invalid request: expected an object with "jsonrpc": "2.0".', status=400)
    if "method" not in value and ("result" in value or "error" in value):
        return Response()
    request_id = _read_id(value["id"]) if "id" in value else None
    method, params = value.get("method"), value.get("params", {})
    if not isinstance(method, str):
        problem = "Invalid request: method must be a string."
        raise JsonRpcError(INVALID_REQUEST, problem, status=400, message_id=request_id)
    if not isinstance(params, dict):
        problem = "Invalid params: params must be an object."
        raise JsonRpcError(INVALID_PARAMS, problem, status=400, message_id=request_id)
    return Notification(method, params) if request_id is None else Request(request_id, method, params)


def _read_id(value: Any) -> Id:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise JsonRpcError(INVALID_REQUEST, "Invalid request: id must be a string or an integer.", status=400)
    if isinstance(value, str) and len(value) > MAX_ID:
        problem = f"Invalid request: id has more than {MAX_ID} characters; a number will do."
        raise JsonRpcError(INVALID_REQUEST, problem, status=400)
    return value


def limit_reached(used_up: AllowanceUsedUp) -> JsonRpcError:
    """Return the error for a request beyond a limit of our own: HTTP 429, so that no client takes it for a result."""
    wait = used_up.retry_after
    headers = () if wait is None else ((b"retry-after", str(wait).encode()),)
    return JsonRpcError(LIMIT_REACHED, str(used_up), status=429, headers=headers)


def result_bytes(request_id: Id, result: bytes) -> bytes:
    """Return an answer whose result is serialised already."""
    return b'{"jsonrpc":"2.0","id":' + orjson.dumps(request_id) + b',"result":' + result + b"}"


def error_bytes(error: JsonRpcError, request_id: Id | None, *, null_id: bool) -> bytes:
    """Return an error answer.

    Where the id could not be read, JSON-RPC wants null; MCP's schemas from 2025-11-25 on want the key left out.
    """
    answer: dict[str, Any] = {"jsonrpc": "2.0"}
    if request_id is not None or null_id:
        answer["id"] = request_id
    answer["error"] = {"code": error.code, "message": error.message}
    if error.data is not None:
        answer["error"]["data"] = error.data
    return orjson.dumps(answer)
