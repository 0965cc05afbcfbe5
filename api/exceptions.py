"""Translate the exceptions of DRF's views to problem details, so that no answer is a page or a stack trace."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from django.http.response import HttpResponseBase
from rest_framework import exceptions

from accounts.database.outages import refusal_for
from api.bodies import not_json
from api.problems import (
    CHALLENGE,
    FieldError,
    Problem,
    ProblemRaised,
    internal,
    invalid,
    method_not_allowed,
    out_of_order,
    unauthenticated,
    unreadable,
)

logger = logging.getLogger(__name__)

NOT_FOUND = "Nothing is at this address, or it belongs to another environment than the API token's."
BODY = "body"


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """Return the response to an exception; `context` has DRF's view and request. DRF's EXCEPTION_HANDLER."""
    problem = problem_of(exc, context)
    if problem is None and (outage := refusal_for(exc)) is not None:
        problem = out_of_order(outage)
    if problem is None:
        logger.error("api request failed", exc_info=exc)
        problem = internal()
    return problem.response()


def problem_of(exc: Exception, context: Mapping[str, Any]) -> Problem | None:
    """Return the problem of an exception; None for an unexpected one."""
    match exc:
        case ProblemRaised():
            return exc.problem
        case exceptions.ValidationError():
            return invalid(*field_errors(exc.detail))
        case SuspiciousOperation():
            return unreadable()
        case exceptions.NotAuthenticated():
            return unauthenticated()
        case exceptions.AuthenticationFailed():
            # RFC 6750, section 3.1: a token was sent, but it is not valid.
            return Problem(401, str(exc.detail), headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})
        case Http404() | exceptions.NotFound():
            return Problem(404, NOT_FOUND)
        # Raised by domain code; DRF's own is an APIException, which comes last.
        case DjangoPermissionDenied():
            return Problem(403, str(exc) or "This API token may not do that.")
        case exceptions.MethodNotAllowed():
            return method_not_allowed(", ".join(context["view"].allowed_methods))
        case exceptions.UnsupportedMediaType():
            return not_json(context["request"].content_type or "")
        case exceptions.NotAcceptable():
            return Problem(406, "This address gives application/json. Accept that, or */*.")
        case exceptions.APIException():
            return Problem(exc.status_code, str(exc.detail))
        case _:
            return None


def field_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Yield an error for each reason, with the path of its field, or `body` if it concerns no single field."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from field_errors(inner, path if name == "non_field_errors" else _joined(path, name))
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield from field_errors(inner, path)
    else:
        yield FieldError(path or BODY, str(detail))


def _joined(path: str, name: Any) -> str:
    step = str(name)[:64]  # the client chose it
    if isinstance(name, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step
