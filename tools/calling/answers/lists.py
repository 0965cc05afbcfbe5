"""Read a list in the forms that vendors give it: null, numbered, a single item, or in a wrapper nobody documented."""

from typing import Any

from accounts.texts.names import plain_name
from tools.calling.answers.envelope_words import ENVELOPE, PAGING, TOTALS
from tools.calling.answers.envelopes import is_void
from tools.pagination.vocabulary import LISTS

AROUND = ENVELOPE | PAGING | TOTALS | {"links", "included", "object", "kind", "url", "etag", "query", "size"}
LEVELS = 3
SINGLE = "A single value came where a list is documented: it is shown as the only item"
NO_LIST = (
    "An answer without a list came where one is documented. It is shown under `envelope`; it does not say that the "
    "list is empty."
)

Steps = tuple[str, ...]


def as_list(value: Any) -> tuple[list[Any], str, Steps]:
    """Return the items of what came in the place of a list, a remark on it, and the steps to a list inside it."""
    if isinstance(value, list):
        return value, "", ()
    if value is None or value is False or value in ({}, ""):
        came = "Null" if value is None else "Nothing"
        return [], f"{came} came where a list is documented: it is shown as an empty list.", ()
    if isinstance(value, dict):
        numbered = _numbered(value)
        if numbered is not None:
            return numbered, "A numbered object came where a list is documented: its members are shown as a list.", ()
        steps = list_inside(value)
        if steps is not None:
            items, _, _ = as_list(_at(value, steps))
            return items, f"The list came in `{'.'.join(steps)}`, which is not documented.", steps
        if all(plain_name(name) in AROUND for name in value):
            return [], NO_LIST, ()
        steps = _item_inside(value)
        if steps:
            return [_at(value, steps)], f"{SINGLE}, from `{'.'.join(steps)}`.", steps
    return [value], f"{SINGLE}.", ()


def _at(value: Any, steps: Steps) -> Any:
    for step in steps:
        value = value[step]
    return value


def _item_inside(value: dict[str, Any], level: int = 0) -> Steps:
    """Return the steps to the one item, which has an id, in an object that only surrounds it; none if there is none."""
    others = [name for name in value if plain_name(name) not in AROUND]
    inner = value[others[0]] if len(others) == 1 else None
    if not isinstance(inner, dict) or level == LEVELS:
        return ()
    if "id" in map(plain_name, inner):
        return (others[0],)
    steps = _item_inside(inner, level + 1)
    return (others[0], *steps) if steps else ()


def _numbered(value: dict[str, Any]) -> list[Any] | None:
    """Return the items of an object whose names count from 0 or 1; None for any other."""
    if not all(name.isascii() and name.isdigit() and len(name) < 8 for name in value):
        return None
    numbers = sorted(value, key=int)
    first = int(numbers[0])
    counted = first in (0, 1) and all(int(name) == first + at for at, name in enumerate(numbers))
    return [value[name] for name in numbers] if counted else None


def list_inside(value: dict[str, Any], level: int = 0) -> Steps | None:
    """Return the steps to the one list in an object that only surrounds it; None if there is none, or several."""
    others = [name for name in value if plain_name(name) not in AROUND or plain_name(name) in LISTS]
    lists = [name for name in others if isinstance(value[name], list)]
    if "id" in map(plain_name, value):
        return None
    usual = sorted(
        (name for name in lists if plain_name(name) in LISTS), key=lambda name: LISTS.index(plain_name(name))
    )
    if usual:
        return (usual[0],)
    if len(lists) == 1 and len(others) == 1:
        return (lists[0],)
    if len(others) != 1 or level == LEVELS:
        return None
    inner = value[others[0]]
    if (plain_name(others[0]) in LISTS and is_void(inner)) or inner is None or inner is False or inner == {}:
        return (others[0],)
    if not isinstance(inner, dict):
        return None
    if _numbered(inner) is not None and inner:
        return (others[0],)
    steps = list_inside(inner, level + 1)
    return None if steps is None else (others[0], *steps)
