"""Routes that answer with and without a trailing slash."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> list[URLPattern]:
    """Return a page's patterns; reversing its name gives the path without a slash."""
    return [path(route, view, name=name), path(f"{route}/", view)]
