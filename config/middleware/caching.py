"""Keep responses out of caches, except static files and those declared public."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

PRIVATE = "private, no-store"

Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def keep_out_of_caches(response: HttpResponseBase) -> HttpResponseBase:
    """Set Cache-Control, unless the response already says `no-store` or `public`."""
    directives = {each.strip().lower() for each in response.headers.get("Cache-Control", "").split(",")}
    if not directives & {"no-store", "public"}:
        response.headers["Cache-Control"] = PRIVATE
    return response


@sync_and_async_middleware
def no_store(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Set the header on every response; as the first middleware, it covers those of all others."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            return keep_out_of_caches(await get_response(request))

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        return keep_out_of_caches(get_response(request))  # type: ignore[arg-type]  # not a coroutine function, as checked above

    return answer
