"""Keep every answer out of every cache, but for static files and what says by itself that it is public."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

PRIVATE = "private, no-store"

Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def keep_out_of_caches(response: HttpResponseBase) -> HttpResponseBase:
    """Forbid caches to hold an answer, unless it forbids it in words of its own or is meant for everybody."""
    directives = {each.strip().lower() for each in response.headers.get("Cache-Control", "").split(",")}
    if not directives & {"no-store", "public"}:
        response.headers["Cache-Control"] = PRIVATE
    return response


@sync_and_async_middleware
def no_store(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Put the header on all answers, refusals and redirects included: it stands before all other middleware."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            return keep_out_of_caches(await get_response(request))

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        return keep_out_of_caches(get_response(request))  # type: ignore[arg-type]  # a plain function, as just asked

    return answer
