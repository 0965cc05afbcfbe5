"""Follow the names of members into a JSON value, as definitions write them: with dots between them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any


def member_at(value: Any, path: Iterable[str]) -> Any:
    """Return what is at a path, each name inside the one before; None where nothing is."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield what is at a path, each item of a list; lists on the way are entered as well."""
    if isinstance(value, list):
        for item in value:
            yield from values_at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from values_at(value[path[0]], path[1:])


def changed_at(value: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """Return a value in which everything that `values_at` yields is changed."""
    if isinstance(value, list):
        return [changed_at(item, path, change) for item in value]
    if not path:
        return change(value)
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: changed_at(value[path[0]], path[1:], change)}
    return value
