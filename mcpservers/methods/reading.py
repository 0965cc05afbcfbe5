"""Read a resource: the account's documentation, or a record by a call of the tool that its address leads to."""

from dataclasses import dataclass, field
from typing import Any

from accounts.errors import AllowanceUsedUp
from mcpservers.errors import JsonRpcError
from mcpservers.features.documentation import documentation_of
from mcpservers.features.resources import JSON, MARKDOWN
from mcpservers.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, Request, limit_reached
from mcpservers.tool_calls import RequestContext, call_tool
from tools.calling.answers.files import File, FileKind
from tools.calling.wording import explain
from tools.catalogue.tool import Tool
from tools.errors import CallFailed, InvalidArguments, VendorRefused
from tools.ratelimits import RateLimits

LONGEST_SHOWN = 200
# The statuses with which a vendor says that it has no such record.
MISSING = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class ResourceRead:
    """What a resource holds, as `resources/read` carries it, and the vendor's limits if it was asked."""

    contents: list[dict[str, Any]]
    is_of_vendor: bool = False
    limits: RateLimits = field(default_factory=RateLimits)


async def read_resource(request: Request, context: RequestContext, *, missing: int) -> ResourceRead:
    """Return what is at the address that a request names, or raise JsonRpcError.

    `missing` is the code of the error for an address that leads nowhere.
    """
    address, server = request.params.get("uri"), context.server
    if not isinstance(address, str):
        raise JsonRpcError(INVALID_PARAMS, "Invalid params: uri must be the address of a resource.")
    resources = server.offer.resources
    if address == resources.documentation:
        text = documentation_of(server.tools, server.vendor, server.account_name, budget=context.budget)
        return ResourceRead([{"uri": address, "mimeType": MARKDOWN, "text": text}])
    target = resources.target(address)
    if target is None:
        words = "Nothing was read. resources/list and resources/templates/list say which there are."
        raise _not_found(address, words, missing)
    tool, arguments = target
    try:
        result = await call_tool(tool, arguments, request, context)
    except AllowanceUsedUp as used_up:
        raise limit_reached(used_up) from None
    except CallFailed as failure:
        raise _unread(address, tool, failure, server.vendor, missing) from None
    content = {"mimeType": JSON, "text": result.text} if result.file is None else _content_of(result.file)
    return ResourceRead([{"uri": address, **content}], is_of_vendor=True, limits=result.limits)


def _content_of(file: File) -> dict[str, Any]:
    body = {"text": file.text} if file.kind is FileKind.TEXT else {"blob": file.base64}
    return {"mimeType": file.media_type, **body}


def _not_found(address: str, words: str, code: int) -> JsonRpcError:
    shown = address[:LONGEST_SHOWN]
    return JsonRpcError(code, f"Resource not found: {shown}. {words}", data={"uri": shown})


def _unread(address: str, tool: Tool, failure: CallFailed, vendor: str, missing: int) -> JsonRpcError:
    """Return the error for a resource whose tool failed, in the words that a model reads of the tool."""
    words = explain(failure, tool_name=tool.name, vendor=vendor, read_only=True)
    if isinstance(failure, VendorRefused) and failure.status in MISSING:
        return _not_found(address, words, missing)
    if isinstance(failure, InvalidArguments):
        return JsonRpcError(INVALID_PARAMS, f"Invalid params: {words}")
    headers = tuple((name.encode(), b"%d" % value) for name, value in failure.limits.values().items())
    return JsonRpcError(INTERNAL_ERROR, words, data=failure.limits.values() or None, headers=headers)
