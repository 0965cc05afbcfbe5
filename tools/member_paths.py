"""Follow the names of members into a JSON value, as definitions write them: with dots between them."""

from collections.abc import Iterable
from typing import Any


def member_at(value: Any, path: Iterable[str]) -> Any:
    """Return what is at a path, each name inside the one before; None where nothing is."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
