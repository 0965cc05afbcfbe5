"""Clean results as their definition says: convert HTML to text, and leave out members without a value."""

from typing import Any

from accounts.definition import Shaping
from tools.calling.answers.html_text import html_to_text

NOTHING = Shaping()
EMPTY: tuple[Any, ...] = (None, "", [], {})


def cleaned(value: Any, shaping: Shaping) -> Any:
    """Return a value cleaned as its definition says. Members of objects may be left out, items of lists never are."""
    if shaping == NOTHING:
        return value
    return _cleaned(value, frozenset(shaping.html), shaping.drop)


def _cleaned(value: Any, html: frozenset[str], drop: str) -> Any:
    if isinstance(value, list):
        return [_cleaned(item, html, drop) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, member in value.items():
        # Most members are scalars, for which a call would only take time.
        shown = _cleaned(member, html, drop) if isinstance(member, dict | list) else member
        if name in html:
            shown = _as_text(shown)
        if shown is None and drop != "nothing":
            continue
        if drop == "empty" and any(shown == empty and type(shown) is type(empty) for empty in EMPTY):
            continue
        kept[name] = shown
    return kept


def _as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return html_to_text(value) if isinstance(value, str) and ("<" in value or "&" in value) else value
