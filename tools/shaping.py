"""From a vendor's result to what a model reads: one page, a cursor, and never more characters than the budget.

What does not fit is cut by structure: whole items first, then long strings. Each cut is named under `truncated`,
and what was left out of a page is where the next cursor begins.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from tools.cursors import seal
from tools.pagination import Page

# Room for what stands around the items: braces, counts, the cursor and the names of the cuts.
ENVELOPE = 700
MIN_STRING = 40
MAX_NAMED_CUTS = 20


@dataclass(frozen=True, slots=True)
class Shaped:
    """A result as JSON text; `cut` tells whether anything was left out."""

    text: str
    cut: bool


def shape_page(page: Page, *, budget: int, bound_to: bytes) -> Shaped:
    """Return `{"result": […], "next_cursor": …, "result_count": n}` within the budget."""
    cuts: list[dict[str, Any]] = []
    items = page.items
    shaped = _page_text(page, items, bound_to, cuts)
    if len(shaped) <= budget:
        return Shaped(shaped, cut=False)
    items = _whole_items(items, budget - ENVELOPE)
    if items:
        cuts.append(_items_cut("result", len(items), len(page.items), "Pass next_cursor back for the others."))
    else:
        items = [Cutter(budget - ENVELOPE - MAX_NAMED_CUTS * 100, cuts).fit(page.items[0], "result[0]")]
        if len(page.items) > 1:
            cuts.append(_items_cut("result", 1, len(page.items), "Pass next_cursor back for the others."))
    return Shaped(_page_text(page, items, bound_to, cuts), cut=True)


def _page_text(page: Page, items: list[Any], bound_to: bytes, cuts: list[dict[str, Any]]) -> str:
    after = page.position_after(len(items))
    shown: dict[str, Any] = {
        "result": items,
        "next_cursor": None if after is None else seal(after, bound_to),
        "result_count": len(items),
    }
    if cuts:
        shown["truncated"] = cuts[:MAX_NAMED_CUTS]
    return orjson.dumps(shown).decode()


def shape_value(value: Any, *, budget: int) -> Shaped:
    """Return a single result within the budget: an object as it is, anything else as `{"result": …}`."""
    shown = value if isinstance(value, dict) else {"result": value}
    text = orjson.dumps(shown).decode()
    if len(text) <= budget:
        return Shaped(text, cut=False)
    cuts: list[dict[str, Any]] = []
    shown = Cutter(budget - ENVELOPE - MAX_NAMED_CUTS * 100, cuts).fit(shown, "")
    shown["truncated"] = cuts[:MAX_NAMED_CUTS]
    return Shaped(orjson.dumps(shown).decode(), cut=True)


def _size(value: Any) -> int:
    return len(orjson.dumps(value).decode())


def _whole_items(items: list[Any], room: int) -> list[Any]:
    kept = 0
    for item in items:
        room -= _size(item) + 1
        if room < 0:
            break
        kept += 1
    return items[:kept]


def _items_cut(path: str, kept: int, total: int, advice: str) -> dict[str, Any]:
    return {"path": path, "kept_items": kept, "total_items": total, "advice": advice}


class Cutter:
    """Makes a value fit into a number of characters, and notes each cut by its path."""

    def __init__(self, room: int, cuts: list[dict[str, Any]]) -> None:
        self._room = room
        self._cuts = cuts

    def fit(self, value: Any, path: str) -> Any:
        """Return the value, cut where it must be."""
        return self._fit(value, path, max(self._room, MIN_STRING))

    def _fit(self, value: Any, path: str, room: int) -> Any:
        if _size(value) <= room:
            return value
        if isinstance(value, dict):
            return self._fit_object(value, path, room)
        if isinstance(value, list):
            return self._fit_list(value, path, room)
        return self._fit_text(str(value), path, room)

    def _fit_object(self, value: dict[str, Any], path: str, room: int) -> dict[str, Any]:
        """Small members stay whole; the large ones share what room is left."""
        room -= 2 + sum(len(orjson.dumps(key).decode()) + 2 for key in value)
        if room < MIN_STRING:
            return self._fit_keys(value, path, room)
        sizes = {key: _size(member) for key, member in value.items()}
        shares: dict[str, int] = {}
        left = room
        for count, key in enumerate(sorted(sizes, key=lambda key: sizes[key])):
            shares[key] = min(sizes[key], left // (len(sizes) - count))
            left -= shares[key]
        return {key: self._fit(member, f"{path}.{key}".lstrip("."), shares[key]) for key, member in value.items()}

    def _fit_keys(self, value: dict[str, Any], path: str, room: int) -> dict[str, Any]:
        """Leave out members at the end, where not even the names fit."""
        kept: dict[str, Any] = {}
        room = self._room if not path else max(room, 0)
        for key, member in value.items():
            room -= len(orjson.dumps(key).decode()) + 2 + _size(member)
            if room < 0:
                break
            kept[key] = member
        self._cuts.append(_items_cut(path or "result", len(kept), len(value), "Members were left out at the end."))
        return kept

    def _fit_list(self, value: list[Any], path: str, room: int) -> list[Any]:
        kept = _whole_items(value, room - 2)
        if kept or not value:
            self._cuts.append(_items_cut(path, len(kept), len(value), "Items were left out at the end."))
            return kept
        first = self._fit(value[0], f"{path}[0]", room - 2)
        if len(value) > 1:
            self._cuts.append(_items_cut(path, 1, len(value), "Items were left out at the end."))
        return [first]

    def _fit_text(self, value: str, path: str, room: int) -> str:
        kept = value[: max(room - 3, 0)]
        while kept and _size(kept) > room - 1:  # characters that JSON escapes take more than one
            kept = kept[: len(kept) * (room - 1) // (_size(kept) + 1)]
        self._cuts.append({"path": path, "kept_characters": len(kept), "total_characters": len(value)})
        return kept + "…"
