"""Error pages: HTML for people, problem details for programs."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from accounts.database.outages import Outage, refusal_for
from api.addresses import is_of_programs
from api.problems import Problem, out_of_order

WORDS = {
    400: "The request could not be read. Go back, reload the page and try again.",
    403: "You may not do this. Ask an admin of your environment if you should.",
    404: "There is nothing at this address. It may be mistyped, or the page is gone.",
    500: "Something failed here, through no fault of yours. Check whether your change was saved before you try again.",
    503: "If you were changing something, check whether it was saved before you try again.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django could not parse."""
    return problem(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a forbidden request, with the exception's message if there is one."""
    return problem(request, 403, _words_of(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a path that does not exist, or not for this person."""
    return problem(request, 404, _words_of(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after an unhandled exception. Nothing here may need the session or the database."""
    # Django calls this while it handles the exception, which it does not pass on.
    outage = refusal_for(sys.exc_info()[1])
    return problem(request, 500) if outage is None else _out_of_order(request, outage)


def _out_of_order(request: HttpRequest, outage: Outage) -> HttpResponse:
    if wants_json(request):
        return out_of_order(outage).response()
    answer = problem(request, 503, f"{outage.words} {WORDS[503]}")
    answer["Retry-After"] = str(outage.retry_after)
    return answer


def problem(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """Return an error as a page or as problem details, depending on the client."""
    detail = detail or WORDS[status]
    if wants_json(request):
        return Problem(status, detail).response()
    page = render_to_string("error.html", {"status": status, "detail": detail})
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})


def wants_json(request: HttpRequest) -> bool:
    """Return whether the client is a program, by its path or its Accept header."""
    if is_of_programs(request.path_info):
        return True
    preferred = request.get_preferred_type(["text/html", "application/json", "application/problem+json"])
    return preferred is not None and preferred.endswith("json")


def _words_of(exception: Exception) -> str:
    """Return an exception's message for people; empty for Django's own, which suit only its debug page."""
    message = exception.args[0] if exception.args else ""
    return message if isinstance(message, str) and not message.endswith("matches the given query.") else ""
