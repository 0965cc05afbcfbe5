"""The `orderby` parameter: fields separated by commas, each as `field`, `field desc` or `-field`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from demo.errors import BadRequest

T = TypeVar("T")
# Any: a sort key may be a text, a number or a date.
Keys = Mapping[str, Callable[[T], Any]]


def ordered(records: list[T], orderby: str | None, keys: Keys[T], default: str) -> list[T]:
    """Sort by the named fields; records without a value come last in either direction."""
    # Sorting is stable, so sorting by the last field first makes the first field decide.
    for part in reversed((orderby or default).split(",")):
        field, descending = _parse(part)
        key = keys.get(field)
        if key is None:
            raise BadRequest("orderby", f"this must be one of {', '.join(keys)}, with desc after it or not.")
        valued = [record for record in records if key(record) is not None]
        empty = [record for record in records if key(record) is None] if len(valued) < len(records) else []
        records = sorted(valued, key=key, reverse=descending) + empty
    return records


def _parse(text: str) -> tuple[str, bool]:
    field, _, direction = text.strip().partition(" ")
    if direction.strip().lower() not in ("", "asc", "desc"):
        raise BadRequest("orderby", "the direction is asc or desc.")
    return field.removeprefix("-"), field.startswith("-") or direction.strip().lower() == "desc"
