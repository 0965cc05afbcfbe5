"""Errors over REST as problem details (RFC 9457): one form, whichever framework answers."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpResponse

from accounts.errors import AllowanceUsedUp

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:patchbay:problem:"
# What is told of a request that does not fit: a list of wrong items may be as long as a body, and a reason quote one.
MAX_ERRORS = 20
MAX_REASON = 500
MAX_PATH = 200
CHALLENGE = 'Bearer realm="Patchbay"'

# What `type` says, and the `title` that goes with it.
TITLES = {
    "invalid-request": "The request does not fit",
    "unauthenticated": "A valid API token is needed",
    "forbidden": "This API token may not do that",
    "not-found": "Nothing is at this address",
    "method-not-allowed": "This address does not take that method",
    "not-acceptable": "Only JSON is given",
    "conflict": "The present state does not permit that",
    "length-required": "The length of the body must be told",
    "too-large": "The body is too large",
    "unsupported-media-type": "Only JSON is taken",
    "internal": "Something failed here",
    "consent-needed": "A person has to consent at the vendor",
    "connection-refused": "The vendor did not accept the connection",
    "unknown-tool": "No tool has this name",
    "invalid-arguments": "The arguments do not fit the tool",
    "account-unusable": "The account cannot be used at present",
    "rate-limited": "The vendor's rate limit is reached",
    "own-limit": "A limit of Patchbay is reached",
    "vendor-refused": "The vendor refused the call",
    "vendor-unreachable": "The vendor gave no answer",
    "vendor-down": "The vendor is down",
    "account-busy": "The account has too many calls under way",
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
    """What is wrong with one field; `field` is its path, such as `config.methods`."""

    field: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """One error answer. `kind` is a key of TITLES, and follows from the status where it is empty."""

    status: int
    detail: str
    kind: str = ""
    errors: tuple[FieldError, ...] = ()
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the JSON object of RFC 9457, with `errors` where fields are wrong."""
        kind = self.kind or KIND_BY_STATUS.get(self.status, "")
        errors = [{"field": each.field, "reason": each.reason} for each in self.errors]
        return {
            "type": f"{TYPE_PREFIX}{kind}" if kind else "about:blank",
            "title": TITLES[kind] if kind else HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **({"errors": errors} if errors else {}),
            **self.members,
        }

    def response(self) -> HttpResponse:
        """Return the HTTP answer; a 401 names the way to authenticate (RFC 9110, 11.6.1)."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers.setdefault("WWW-Authenticate", CHALLENGE)
        content = orjson.dumps(self.document())
        return HttpResponse(content, status=self.status, content_type=MEDIA_TYPE, headers=headers)


class ProblemRaised(Exception):
    """Ends the handling of a request with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def invalid(*errors: FieldError) -> Problem:
    """Return the problem of a request whose fields do not fit, the first of them with their reasons."""
    count = "One field does" if len(errors) == 1 else f"{len(errors)} fields do"
    told = tuple(FieldError(each.field[:MAX_PATH], each.reason[:MAX_REASON]) for each in errors[:MAX_ERRORS])
    named = " ".join(f"{each.field}: {each.reason}" for each in told)
    more = f" And {len(errors) - len(told)} more." if len(told) < len(errors) else ""
    return Problem(400, f"{count} not fit. {named}{more}", errors=told)


def unauthenticated() -> Problem:
    """Return the problem of a request without a token that opens anything."""
    return Problem(
        401,
        "Send a live API token as `Authorization: Bearer pbapi_…`. It may be missing, mistyped, expired or revoked; "
        "an admin makes a new one.",
    )


def unreadable() -> Problem:
    """Return the problem of a request that Django itself refuses to read, such as one with thousands of parameters."""
    return Problem(400, "The request holds more parameters than are read, or cannot be read. Send a simpler one.")


def beyond_limit(used_up: AllowanceUsedUp) -> Problem:
    """Return the problem of a request beyond a limit of our own."""
    headers = {} if used_up.retry_after is None else {"Retry-After": str(used_up.retry_after)}
    return Problem(429, str(used_up), "own-limit", headers=headers)


def method_not_allowed(allowed: str) -> Problem:
    """Return the problem of a method that an address does not take; `allowed` is the value of `Allow`."""
    return Problem(405, f"This address takes {allowed}.", headers={"Allow": allowed})


def internal() -> Problem:
    """Return the problem of a failure here, which tells nothing of its cause."""
    return Problem(
        500,
        "The request could not be handled. Try again later; the log holds the cause under this answer's X-Request-ID.",
    )
