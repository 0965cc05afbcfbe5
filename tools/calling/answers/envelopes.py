"""What surrounds the result of an answer: what else it says, without what says nothing."""

import re
from functools import lru_cache
from typing import Any

from accounts.definition import Pagination
from accounts.texts.names import plain_name
from tools.calling.answers.envelope_words import (
    CONTAINERS,
    ERRORS,
    FLAGS,
    NO_ERRORS,
    OPPOSITE_FLAGS,
    PAGING,
    STATUSES,
    SUCCESSES,
    TEXTS,
    TOTALS,
)

LEVELS = 3
# The expressions of a pagination that a pager reads to go on.
READ_OF_PAGES = ("next_cursor", "next_url", "more", "total_pages")
PLACE = re.compile(r'(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\\]+")(?:\.(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\\]+"))*')
STEP = re.compile(r'[A-Za-z_][A-Za-z0-9_]*|"[^"\\]+"')


def is_void(value: Any) -> bool:
    """Return whether a value says nothing: null, empty, or made of such values only."""
    if isinstance(value, dict):
        return all(map(is_void, value.values()))
    return value is None or value == "" or (isinstance(value, list) and all(map(is_void, value)))


@lru_cache(maxsize=1024)
def steps_of(expression: str) -> tuple[str, ...] | None:
    """Return the steps of an expression that only leads to a member; None for any other."""
    if not PLACE.fullmatch(expression):
        return None
    return tuple(step.strip('"') for step in STEP.findall(expression))


def lacks(document: Any, place: str) -> bool:
    """Return whether an answer does not have the place of the result at all, not even with null in it."""
    for step in steps_of(place) or () if place else ():
        if not isinstance(document, dict) or step not in document:
            return True
        document = document[step]
    return False


def surrounding(document: Any, place: str, paging: Pagination | None = None) -> dict[str, Any]:
    """Return what an answer says beside the result at a place, without what says nothing.

    Of a list with `paging`, what is read of its pages is left out, and so are other members about them: the result has
    a next_cursor of its own.
    """
    steps = steps_of(place)
    if steps is None or not isinstance(document, dict):
        return {}
    rest = _without(document, steps)
    if not rest:
        return {}
    # Read as a dict: looking for an attribute that a model does not have is slow.
    declared = vars(paging) if paging else {}
    for name in READ_OF_PAGES:
        if expression := declared.get(name):
            rest = _without(rest, steps_of(expression) or ())
    return _kept(rest, is_paged=paging is not None)


def _without(members: dict[str, Any], steps: tuple[str, ...]) -> dict[str, Any]:
    if not steps:
        return members
    first, *others = steps
    kept = {name: member for name, member in members.items() if name != first}
    inner = members.get(first)
    if others and isinstance(inner, dict):
        kept[first] = _without(inner, tuple(others))
    return kept


def _kept(members: dict[str, Any], *, is_paged: bool, level: int = 0) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, member in members.items():
        bare = plain_name(name)
        shown = member
        if bare in CONTAINERS and isinstance(member, dict) and level < LEVELS:
            shown = _kept(member, is_paged=is_paged, level=level + 1)
        elif is_paged and (bare in PAGING or (level and _is_link(member))):
            continue
        if not is_void(shown) and not _says_nothing(bare, shown):
            kept[name] = shown
    return kept


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://", "/", "?"))


def _says_nothing(name: str, value: Any) -> bool:
    """Return whether a member only says that all is well."""
    if name in FLAGS:
        return value is True or str(value).lower() in SUCCESSES
    if name in OPPOSITE_FLAGS | ERRORS:
        return value is False or value == 0 or str(value).lower() in NO_ERRORS
    if name in STATUSES | TEXTS:
        return not isinstance(value, bool) and str(value).strip(".! ").lower() in SUCCESSES
    return (
        (name, value) in {("object", "list"), ("type", "list"), ("jsonrpc", "2.0")} if isinstance(value, str) else False
    )


def without_total(envelope: dict[str, Any], total: int) -> dict[str, Any]:
    """Return an envelope without members that repeat the total, which is shown by itself."""
    kept: dict[str, Any] = {}
    for name, member in envelope.items():
        if plain_name(name) in CONTAINERS and isinstance(member, dict):
            inner = without_total(member, total)
            kept |= {name: inner} if inner else {}
        elif plain_name(name) not in TOTALS or str(member) != str(total):
            kept[name] = member
    return kept
