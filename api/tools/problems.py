"""Problems of failed calls: status, kind, and the vendor's limits as headers."""

import re

from api.problems import FieldError, Problem
from tools.calling.wording import explain
from tools.catalogue.tool import Tool
from tools.errors import (
    AccountUnusable,
    AnswerUnusable,
    AttachmentUnknown,
    CallFailed,
    InvalidArguments,
    NotNoted,
    NotSent,
    RateLimited,
    UnknownTool,
    VendorDown,
    VendorRefused,
    VendorUnreachable,
)

# A vendor's statuses about the account's credentials; passed on, they would seem to concern the caller's.
OF_CREDENTIALS = frozenset({401, 403, 407})
ARGUMENT = re.compile(r"([A-Za-z0-9_.\-\[\]]+)(?:: | is )")


def unknown_tool(unknown: UnknownTool) -> Problem:
    """Return the problem of a name that no tool of the account has."""
    hint = f"Did you mean {unknown.nearest}?" if unknown.nearest else "GET …/tools lists the tools."
    return Problem(404, f"This account has no tool {unknown.name!r}. {hint}", "unknown-tool")


def call_problem(failed: CallFailed, tool: Tool, vendor: str) -> Problem:
    """Return the problem of a failed call; `detail` is the text that a model would read."""
    status, kind = _status_and_kind(failed)
    headers = failed.limits.headers()
    wait = _wait(failed)
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return Problem(
        status,
        explain(failed, tool_name=tool.name, vendor=vendor, read_only=tool.read_only),
        kind,
        errors=tuple(map(_field_error, failed.problems)) if isinstance(failed, InvalidArguments) else (),
        members={} if failed.status is None else {"vendor_status": failed.status},
        headers=headers,
    )


def _wait(failed: CallFailed) -> int | None:
    """Return how many seconds a caller should wait; None if unknown."""
    match failed:
        case RateLimited():
            return failed.limits.reset
        case NotSent():
            return failed.retry_after
        case _:
            return failed.limits.retry_after


def _status_and_kind(failed: CallFailed) -> tuple[int, str]:
    match failed:
        case InvalidArguments():
            return 400, "invalid-arguments"
        case AttachmentUnknown():
            return 404, "attachment-unknown"
        case RateLimited():
            return 429, "rate-limited"
        case VendorRefused(status=int(status)) if 400 <= status < 500 and status not in OF_CREDENTIALS:
            return status, "vendor-refused"
        case VendorRefused(status=int(status)) if status < 400:  # a failure reported with a success status
            return 422, "vendor-refused"
        case VendorRefused():
            return 502, "vendor-refused"
        case NotNoted():
            return 503, "not-noted"
        case NotSent():
            return 503, "vendor-down" if isinstance(failed, VendorDown) else "account-busy"
        case VendorUnreachable():
            return (504, "vendor-timeout") if failed.timed_out else (502, "vendor-unreachable")
        case AnswerUnusable():
            return 502, "answer-unusable"
        case AccountUnusable():
            return 409, "account-unusable"
        case _:
            return 500, "internal"


def _field_error(problem: str) -> FieldError:
    """Split off the argument's name, with which a problem begins; `body` if there is none."""
    named = ARGUMENT.match(problem)
    return FieldError(named.group(1) if named else "body", problem)
