"""Let web pages of any origin ask what needs no cookie: a client may run in a browser (Fetch standard, CORS)."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_any_origin(*methods: str) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """Answer these methods, and the questions that browsers ask before."""

    def decorated(view: View[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
                response["Access-Control-Allow-Methods"] = ", ".join(methods)
                response["Access-Control-Allow-Headers"] = "*, Authorization"
            elif request.method not in methods:
                response = HttpResponseNotAllowed(methods)
            else:
                response = view(request, *args, **kwargs)
            response["Access-Control-Allow-Origin"] = "*"
            return response

        return answered

    return decorated
