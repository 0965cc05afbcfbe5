"""From a method and a path to an operation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from demo.account import Account
from demo.errors import MethodNotAllowed, NotFound
from demo.keys import AccountKey
from demo.parameters import Parameters

PREFIX = "/api/"


@dataclass(frozen=True, slots=True)
class RoutedRequest:
    """The argument of an operation; `ids` are the path's variable segments in order."""

    key: AccountKey
    ids: tuple[str, ...]
    query: Parameters
    form: Parameters


# An operation returns the body of its answer: serialised, or as a value for orjson.
Operation = Callable[[Account, RoutedRequest], object]


@dataclass(frozen=True, slots=True)
class Route:
    """An operation with its path, in which `{id}` matches any one segment; no scope means any key."""

    method: str
    path: str
    scope: str | None
    operation: Operation


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    any_child: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)

    def grow(self, segment: str) -> "_Node":
        if not segment.startswith("{"):
            return self.children.setdefault(segment, _Node())
        if self.any_child is None:
            self.any_child = _Node()
        return self.any_child


class Router:
    """A tree with one level per path segment, in which a fixed segment wins over a variable one."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for segment in route.path.split("/"):
                node = node.grow(segment)
            node.routes[route.method] = route

    def match(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        """Return the route and the variable segments. Raises NotFound or MethodNotAllowed."""
        node = self._root
        ids: list[str] = []
        for segment in path.removeprefix(PREFIX).split("/"):
            child = node.children.get(segment)
            if child is None:
                child = node.any_child
                ids.append(segment)
            if child is None:
                raise NotFound("There is no such path.")
            node = child
        if not node.routes:
            raise NotFound("There is no such path.")
        route = node.routes.get(method)
        if route is None:
            raise MethodNotAllowed(tuple(sorted(node.routes)))
        return route, tuple(ids)
