"""Assembly of the agent-facing API (django-ninja): its router, its JSON, and its errors as problem details."""

import logging
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from accounts.database.outages import refusal_for
from api.bodies import JSON, not_json, read_json, too_large
from api.exceptions import NOT_FOUND
from api.problems import (
    FieldError,
    Problem,
    ProblemRaised,
    internal,
    invalid,
    out_of_order,
    unauthenticated,
    unreadable,
)
from api.tools.agents import router

logger = logging.getLogger(__name__)

PREFIX = "integrated-account"


class BoundedParser(Parser):
    """Parse JSON within the limits of the management API."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the parsed body; raise ProblemRaised for other media types, invalid JSON and exceeded limits."""
        if (request.content_type or JSON) != JSON:
            raise ProblemRaised(not_json(request.content_type or ""))
        return read_json(request.body)


class OrjsonRenderer(BaseRenderer):
    """Render JSON with orjson, as the rest of the product does."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data)


agent_api = NinjaAPI(
    title="Patchbay API",
    urls_namespace="agent",
    # api/openapi.py describes both APIs in one document.
    openapi_url=None,
    docs_url=None,
    parser=BoundedParser(),
    renderer=OrjsonRenderer(),
)
agent_api.add_router("", router)


@agent_api.exception_handler(ProblemRaised)
def _problem(request: HttpRequest, raised: ProblemRaised) -> HttpResponse:
    return raised.problem.response()


@agent_api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # ninja wraps the exceptions of the parser.
    if isinstance(error.__cause__, ProblemRaised):
        return error.__cause__.problem.response()
    return Problem(error.status_code, error.message).response()


@agent_api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return unauthenticated().response()


@agent_api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = (FieldError(".".join(str(step) for step in each["loc"][1:]), f"{each['msg']}.") for each in error.errors)
    return invalid(*errors).response()


@agent_api.exception_handler(SuspiciousOperation)
def _unreadable(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return unreadable().response()


@agent_api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return too_large().response()


@agent_api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return Problem(404, NOT_FOUND).response()


@agent_api.exception_handler(Exception)
def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    outage = refusal_for(error)
    if outage is not None:
        return out_of_order(outage).response()
    logger.error("api request failed", exc_info=error)
    return internal().response()
