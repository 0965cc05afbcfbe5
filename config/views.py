"""What answers besides the apps: errors, in HTML for people and as problem details for programs."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from api.problems import Problem

# Programs ask here, whatever their Accept header says.
PROGRAMS = ("/integrated-account", "/integration", "/api-token", "/documentation", "/api/", "/.well-known/")

WORDS = {
    400: "The request could not be read. Go back, reload the page and try again.",
    403: "You may not do this. Ask an admin of your environment if you should.",
    404: "There is nothing at this address. It may be mistyped, or what stood here is gone.",
    500: "Something failed here, and not by your doing. Look whether your change was saved before you try again.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django could not read."""
    return problem(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer somebody who may not do what they asked for."""
    return problem(request, 403, _words_of(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a path that leads to nothing, or to nothing for this person."""
    return problem(request, 404, _words_of(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after an exception that nothing handled. Neither session nor database may be needed here."""
    return problem(request, 500)


def problem(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """Return an error as whoever asked can read it."""
    detail = detail or WORDS[status]
    if wants_json(request):
        return Problem(status, detail).response()
    page = render_to_string("error.html", {"status": status, "detail": detail})
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a program asks."""
    if request.path.startswith(PROGRAMS):
        return True
    preferred = request.get_preferred_type(["text/html", "application/json", "application/problem+json"])
    return preferred is not None and preferred.endswith("json")


def _words_of(exception: Exception) -> str:
    """Return what an exception says to a person; Django's own say what only its debug page understands."""
    said = exception.args[0] if exception.args else ""
    return said if isinstance(said, str) and not said.endswith("matches the given query.") else ""
