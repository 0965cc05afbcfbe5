"""Lists in order of time: which entries stay when not all fit, and how a model gets the others.

Entries are counted from the oldest, so that an entry keeps its number while others are added.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from accounts.definition import RecordHistory
from tools.catalogue.result_arguments import BEFORE_ENTRY, LAST
from tools.moments import moment_of

Newest = Literal["first", "last"]

# Names of members that say when an entry came into being or changed.
WHEN = re.compile(r"date|time|created|updated|sent|received|posted|occurred|(?:^|_|[a-z])(?:at|At|on|On)$")
FIRST_ITEMS = "Items were left out at the end."
BETWEEN = "The oldest entry and the newest ones are shown."
ONLY_NEWEST = "Only the newest entries are shown."


@dataclass(frozen=True, slots=True)
class ShownEntries:
    """The part of a record's history that is shown: the entries after the `older` oldest ones, up to number `newer`.

    `path` leads to it, `newest` says which end is new, `total` is the number of all entries; 0 if there is no history.
    """

    path: str = ""
    newest: Newest = "last"
    older: int = 0
    newer: int = 0
    total: int = 0

    @property
    def remark(self) -> str:
        """What is said beside a part of a history; nothing beside the whole."""
        if self.newer - self.older == self.total:
            return ""
        return f"{self.path} has {_span(self.older + 1, self.newer)} of {self.total}, counted from the oldest."

    def names(self, path: str) -> bool:
        """Return whether a path is that of the history."""
        return bool(self.total) and path == self.path


NO_WINDOW = ShownEntries()


@dataclass(frozen=True, slots=True)
class Kept:
    """The places of the entries that stay, of `count` in all; `newest` is None for a list in no known order."""

    places: list[int]
    count: int
    newest: Newest | None

    def described(self, window: ShownEntries | None) -> dict[str, Any]:
        """Return what `truncated` says of the others; `window` is given for a history that has arguments."""
        older, total = (window.older, window.total) if window else (0, self.count)
        told: dict[str, Any] = {"kept_items": len(self.places), "total_items": total}
        if self.newest is None:
            return told | {"advice": FIRST_ITEMS}
        numbers = {older + (place + 1 if self.newest == "last" else self.count - place) for place in self.places}
        missing = [number for number in range(older + 1, older + self.count + 1) if number not in numbers]
        first, last = missing[0], missing[-1]
        told["missing"] = f"{_span(first, last)} of {total}, counted from the oldest"
        advice = BETWEEN if first > older + 1 else ONLY_NEWEST
        if window:
            advice += f" For the missing ones call again with {BEFORE_ENTRY}={last + 1} and {LAST}={last - first + 1}."
        return told | {"advice": advice}


def _span(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first}–{last}"


def windowed(value: Any, history: RecordHistory, used: dict[str, Any]) -> tuple[Any, ShownEntries]:
    """Return a record with the entries of its history that the arguments choose, and which these are.

    A record without a history where the definition says it is stays as it is.
    """
    *way, name = history.path.split(".")
    holders = [value]
    for step in way:
        holders.append(holders[-1].get(step) if isinstance(holders[-1], dict) else None)
    entries = holders[-1].get(name) if isinstance(holders[-1], dict) else None
    if not isinstance(entries, list) or not entries:
        return value, NO_WINDOW
    total = len(entries)
    newer = min(int(used.get(BEFORE_ENTRY, total + 1)) - 1, total)
    older = max(newer - int(used.get(LAST, newer)), 0)
    chosen: Any = entries[older:newer] if history.newest == "last" else entries[total - newer : total - older]
    for holder, step in zip(reversed(holders), reversed([*way, name]), strict=True):
        chosen = {**holder, step: chosen}
    return chosen, ShownEntries(history.path, history.newest, older, newer, total)


def kept_entries(sizes: list[int], room: int, newest: Newest | None) -> Kept:
    """Return the entries that fit into `room`: of a history the newest, the oldest, then from new to old."""
    places: list[int] = []
    for place in _by_worth(len(sizes), newest):
        room -= sizes[place]
        if room < 0:
            break
        places.append(place)
    return Kept(sorted(places), len(sizes), newest)


def _by_worth(count: int, newest: Newest | None) -> Iterable[int]:
    if newest is None or count < 2:
        return range(count)
    if newest == "first":
        return [0, count - 1, *range(1, count - 1)]
    return [count - 1, 0, *range(count - 2, 0, -1)]


def newest_end(entries: list[Any]) -> Newest | None:
    """Return at which end the newest entries of a list are, by the dates of its first and last; None if unknown."""
    ends = entries[0], entries[-1]
    if len(entries) < 2 or not all(isinstance(end, dict) for end in ends):
        return None
    for name in ends[0]:
        if WHEN.search(name):
            first, last = (moment_of(end.get(name)) for end in ends)
            if first is not None and last is not None and first != last:
                return "last" if first < last else "first"
    return None
