"""Every route of the URL resolver, for tests that try all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver


@dataclass(frozen=True, slots=True)
class Route:
    """One route: its path as it is written, parameters and all, and its name with its namespace, or none."""

    path: str
    name: str


def routes(patterns: Iterable[object], before: str = "", namespace: str = "") -> Iterator[Route]:
    """Yield the routes of patterns, those that they include among them, in their order."""
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from routes(each.url_patterns, before + str(each.pattern), inner)
        elif isinstance(each, URLPattern):
            yield Route(before + str(each.pattern), f"{namespace}{each.name}" if each.name else "")


__all__ = ["Route", "routes"]
