"""Errors over REST as problem details (RFC 9457), the same in every framework."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpResponse

from accounts.database.outages import Outage
from accounts.errors import AllowanceUsedUp

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:patchbay:problem:"
# Limits on reported errors: a list may have as many wrong items as fit in a body, and a reason may quote one.
MAX_ERRORS = 20
MAX_REASON = 500
MAX_PATH = 200
CHALLENGE = 'Bearer realm="Patchbay"'

# The `title` of each `type`.
TITLES = {
    "invalid-request": "The request does not fit",
    "unauthenticated": "A valid API token is needed",
    "forbidden": "This API token may not do that",
    "not-found": "Nothing is at this address",
    "method-not-allowed": "This address does not take that method",
    "not-acceptable": "Only JSON is returned",
    "conflict": "The present state does not permit that",
    "length-required": "The length of the body must be given",
    "too-large": "The body is too large",
    "unsupported-media-type": "Only JSON is accepted",
    "internal": "Something failed here",
    "consent-needed": "A person has to consent at the vendor",
    "connection-refused": "The vendor did not accept the connection",
    "unknown-tool": "No tool has this name",
    "attachment-unknown": "The record has no such attachment",
    "invalid-arguments": "The arguments do not fit the tool",
    "account-unusable": "The account cannot be used at present",
    "rate-limited": "The vendor's rate limit is reached",
    "own-limit": "A limit of Patchbay is reached",
    "vendor-refused": "The vendor refused the call",
    "vendor-unreachable": "The vendor gave no answer",
    "vendor-down": "The vendor is down",
    "account-busy": "The account has too many calls under way",
    "not-noted": "The call could not be noted, so it was not sent",
    "database-away": "Patchbay's database cannot be reached",
    "database-busy": "Patchbay's database is busy",
    "database-read-only": "Patchbay's database takes no changes",
    "vendor-timeout": "The vendor did not answer in time",
    "answer-unusable": "The vendor's answer cannot be used",
}
KIND_BY_STATUS = {
    400: "invalid-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    411: "length-required",
    413: "too-large",
    415: "unsupported-media-type",
    429: "rate-limited",
    500: "internal",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """A problem with one field; `field` is its path, such as `config.methods`."""

    field: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """An error response. `kind` is a key of TITLES; if empty, it follows from the status."""

    status: int
    detail: str
    kind: str = ""
    errors: tuple[FieldError, ...] = ()
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the JSON object (RFC 9457, section 3), with `errors` for invalid fields."""
        kind = self.kind or KIND_BY_STATUS.get(self.status, "")
        errors = [{"field": each.field, "reason": each.reason} for each in self.errors]
        # RFC 9457, section 4.2.1: with about:blank, the title is the phrase of the status.
        return {
            "type": f"{TYPE_PREFIX}{kind}" if kind else "about:blank",
            "title": TITLES[kind] if kind else HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **({"errors": errors} if errors else {}),
            **self.members,
        }

    def response(self) -> HttpResponse:
        """Return the HTTP response; a 401 has a challenge (RFC 9110, section 11.6.1)."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers.setdefault("WWW-Authenticate", CHALLENGE)
        content = orjson.dumps(self.document())
        return HttpResponse(content, status=self.status, content_type=MEDIA_TYPE, headers=headers)


class ProblemRaised(Exception):
    """Raised to end a request with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def invalid(*errors: FieldError) -> Problem:
    """Return the problem of a request with invalid fields; it lists the first MAX_ERRORS with their reasons."""
    count = "One field does" if len(errors) == 1 else f"{len(errors)} fields do"
    listed = tuple(FieldError(each.field[:MAX_PATH], each.reason[:MAX_REASON]) for each in errors[:MAX_ERRORS])
    named = " ".join(f"{each.field}: {each.reason}" for each in listed)
    more = f" And {len(errors) - len(listed)} more." if len(listed) < len(errors) else ""
    return Problem(400, f"{count} not fit. {named}{more}", errors=listed)


def unauthenticated() -> Problem:
    """Return the problem of a request without a live token."""
    return Problem(
        401,
        "Send a live API token as `Authorization: Bearer pbapi_…`. It may be missing, mistyped, expired or revoked; "
        "an admin makes a new one.",
    )


def unreadable() -> Problem:
    """Return the problem of a request that Django refuses to parse, such as one with thousands of parameters."""
    return Problem(400, "The request has too many parameters, or cannot be read. Send a simpler one.")


def beyond_limit(used_up: AllowanceUsedUp) -> Problem:
    """Return the problem of a request beyond one of Patchbay's own limits."""
    headers = {} if used_up.retry_after is None else {"Retry-After": str(used_up.retry_after)}
    return Problem(429, str(used_up), "own-limit", headers=headers)


def method_not_allowed(allowed: str) -> Problem:
    """Return the problem of an unsupported method; `allowed` is the value of `Allow`."""
    return Problem(405, f"This address takes {allowed}.", headers={"Allow": allowed})


def out_of_order(outage: Outage) -> Problem:
    """Return the problem of a request that the database did not serve."""
    detail = f"{outage.words} If this request was to change something, read it before you send it again."
    headers = {"Retry-After": str(outage.retry_after)}
    return Problem(503, detail, f"database-{outage.kind}", headers=headers)


def internal() -> Problem:
    """Return the problem of an internal failure, without its cause."""
    return Problem(
        500,
        "The request could not be handled. Try again later; the log holds the cause under this answer's X-Request-ID.",
    )
