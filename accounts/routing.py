"""Routes that answer with and without a trailing slash."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> list[URLPattern]:
    """Return the patterns of one page; links to its name leave the trailing slash out."""
    return [path(route, view, name=name), path(f"{route}/", view)]
