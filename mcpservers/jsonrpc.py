"""The JSON-RPC 2.0 envelope: read messages from a body, and write answers."""

from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

import orjson

from accounts import bounded_json
from accounts.errors import AllowanceUsedUp, BeyondLimits, NotJSON, NumberTooLarge
from mcpservers.errors import JsonRpcError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
# JSON-RPC 2.0, Error object: the range of server errors begins here
LIMIT_REACHED = -32000
# MCP 2025-11-25, Resources, Error Handling
RESOURCE_NOT_FOUND = -32002
# MCP 2026-07-28, Error Codes
HEADER_MISMATCH = -32020
UNSUPPORTED_PROTOCOL_VERSION = -32022

Id = str | int
# The most characters of an id, which is repeated in the answer and in each event of a subscription.
MAX_ID = 1000


# MCP puts a message's metadata into this member of its params.
META = "_meta"
# MCP, Schema: the method of every notification begins with this.
NOTIFICATIONS = "notifications/"


@dataclass(frozen=True, slots=True)
class Request:
    """A message that is answered under its id."""

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
    """A client's answer. Its content is dropped, since Patchbay sends no requests to clients."""


Envelope = Request | Notification | Response


def meta_of(message: Envelope) -> dict[str, Any] | None:
    """Return a message's metadata; None if there is none, or it is not an object."""
    meta = None if isinstance(message, Response) else message.params.get(META)
    return meta if isinstance(meta, dict) else None


def read_body(body: bytes) -> Any:
    """Parse a body as JSON, or raise JsonRpcError."""
    try:
        # RFC 8259, 8.1: a parser may ignore a byte order mark, which some clients write.
        return bounded_json.loads_request(body.removeprefix(BOM_UTF8))
    except BeyondLimits as problem:
        raise JsonRpcError(INVALID_REQUEST, f"Invalid request: the body is {problem}.", status=400) from None
    except NumberTooLarge as problem:
        raise JsonRpcError(PARSE_ERROR, f"Parse error: the body has {problem}; give it as text.", status=400) from None
    except NotJSON:
        raise JsonRpcError(PARSE_ERROR, "Parse error: the body is not valid JSON in UTF-8.", status=400) from None


def read_message(value: Any) -> Envelope:
    """Return a JSON value as a message, or raise JsonRpcError."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise JsonRpcError(INVALID_REQUEST, 'Invalid request: expected an object with "jsonrpc": "2.0".', status=400)
    method = value.get("method")
    if method is None and ("result" in value or "error" in value):
        return Response()
    request_id = _read_id(value["id"]) if _is_request(value) else None
    if not isinstance(method, str):
        problem = "Invalid request: method must be a string."
        raise JsonRpcError(INVALID_REQUEST, problem, status=400, message_id=request_id)
    params = as_object(value.get("params"))
    if params is None:
        problem = "Invalid params: params must be an object."
        raise JsonRpcError(INVALID_PARAMS, problem, status=400, message_id=request_id)
    return Notification(method, params) if request_id is None else Request(request_id, method, params)


def as_object(value: Any) -> dict[str, Any] | None:
    """Return a JSON object, also where a client sends null or `[]` for an empty one; None for any other value.

    Some serialisers write every member, and PHP's writes an empty array for an empty object.
    """
    if value is None or value == []:
        return {}
    return value if isinstance(value, dict) else None


def _is_request(message: dict[str, Any]) -> bool:
    """Return whether a message has an id. Null is none for a notification, and invalid for anything else."""
    if message.get("id") is None and str(message.get("method")).startswith(NOTIFICATIONS):
        return False
    return "id" in message


def _read_id(value: Any) -> Id:
    # JSON true and false are ints to Python.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise JsonRpcError(INVALID_REQUEST, "Invalid request: id must be a string or an integer.", status=400)
    if isinstance(value, str) and len(value) > MAX_ID:
        problem = f"Invalid request: id has more than {MAX_ID} characters; a number will do."
        raise JsonRpcError(INVALID_REQUEST, problem, status=400)
    return value


def limit_reached(used_up: AllowanceUsedUp) -> JsonRpcError:
    """Return the error for a request beyond one of Patchbay's own limits: HTTP 429, never mistaken for a result."""
    wait = used_up.retry_after
    headers = () if wait is None else ((b"retry-after", str(wait).encode()),)
    return JsonRpcError(LIMIT_REACHED, str(used_up), status=429, headers=headers)


def result_bytes(request_id: Id, result: bytes) -> bytes:
    """Return the answer that contains an already serialised result."""
    return b'{"jsonrpc":"2.0","id":' + orjson.dumps(request_id) + b',"result":' + result + b"}"


def error_bytes(error: JsonRpcError, request_id: Id | None, *, null_id: bool) -> bytes:
    """Return an error answer.

    For an id that could not be read, JSON-RPC requires null; MCP's schemas since 2025-11-25 omit the key.
    """
    answer: dict[str, Any] = {"jsonrpc": "2.0"}
    if request_id is not None or null_id:
        answer["id"] = request_id
    answer["error"] = {"code": error.code, "message": error.message}
    if error.data is not None:
        answer["error"]["data"] = error.data
    return orjson.dumps(answer)
