"""Cut a value to what it may cost a model: long texts are shortened before entries of a list are left out.

Sizes are weights in hundredths of a token (tools/tokens.py), which add up: a whole weighs what its parts weigh. Each
cut is named with its place.
"""

from typing import Any

import orjson

from tools.calling.histories import NO_WINDOW, Kept, ShownEntries, kept_entries, newest_end
from tools.catalogue.result_arguments import LAST
from tools.tokens import LETTER, SIGN, longest, weight_of

PAIR = 2 * SIGN
# The least that a cut text takes: its quotes, some letters, and the sign that it goes on.
MIN_TEXT = 400
MAX_PATH = 120
# How much of each long text in a list is kept at most, and at least, in characters.
LONGEST, SHORTEST = 16_000, 500
# The most texts of one list that are named as shortened, each by its place.
NAMED_TEXTS = 3
# Reserved for the number of cuts that are not listed.
MORE_CUTS = weight_of(orjson.dumps({"more_cuts": 10**9}))
WHOLE_TEXTS = f"Call again with a smaller {LAST} to see more of each."


class Cuts:
    """The cuts of one result, listed by path within a weight of `room`; the others are only counted.

    `window` is the part of the record's history that was asked for.
    """

    def __init__(self, room: int, window: ShownEntries = NO_WINDOW) -> None:
        self._room = room - MORE_CUTS
        self._named: list[dict[str, Any]] = []
        self._unnamed = 0
        self.window = window

    def add(self, path: str, **details: Any) -> None:
        """Add a cut; a long path is shortened in its middle."""
        shown = path if len(path) <= MAX_PATH else f"{path[: MAX_PATH // 2]}…{path[-MAX_PATH // 3 :]}"
        cut = {"path": shown or "result", **details}
        size = size_of(cut) + SIGN
        if self._unnamed or size > self._room:
            self._unnamed += 1
            return
        self._room -= size
        self._named.append(cut)

    def __bool__(self) -> bool:
        return bool(self._named or self._unnamed)

    def named(self) -> list[dict[str, Any]]:
        """Return the entries of `truncated`."""
        return [*self._named, {"more_cuts": self._unnamed}] if self._unnamed else list(self._named)


def size_of(value: Any) -> int:
    """Return the weight of a value as JSON."""
    return weight_of(orjson.dumps(value))


def least_of(value: Any) -> int:
    """Return the least weight to which a value can be cut; a number is never cut."""
    if isinstance(value, dict | list):
        return PAIR
    size = size_of(value)
    return min(size, MIN_TEXT) if isinstance(value, str) else size


def fitted(value: Any, path: str, room: int, cuts: Cuts) -> Any:
    """Return a value that weighs at most `room`, which must be at least `least_of(value)`."""
    if size_of(value) <= room:
        return value
    if isinstance(value, dict):
        return _fitted_object(value, path, room, cuts)
    if isinstance(value, list):
        return _fitted_list(value, path, room, cuts)
    return _fitted_text(str(value), path, room, cuts)


def whole_items(items: list[Any], room: int) -> list[Any]:
    """Return the first items that together weigh at most `room`, each with its comma."""
    kept = 0
    for item in items:
        room -= size_of(item) + SIGN
        if room < 0:
            break
        kept += 1
    return items[:kept]


def _fitted_object(value: dict[str, Any], path: str, room: int, cuts: Cuts) -> dict[str, Any]:
    """Keep small members whole and let large ones share the remaining room; leave out members that find none."""
    room -= PAIR
    kept: dict[str, Any] = {}
    for key, member in value.items():
        needed = size_of(key) + 2 * SIGN + least_of(member)
        if needed <= room:
            room -= needed
            kept[key] = member
    if len(kept) < len(value):
        cuts.add(path, kept_items=len(kept), total_items=len(value), advice="Members were left out.")
    # From small to large, so that what a small member does not need goes to the large ones.
    wanted = {key: size_of(member) - least_of(member) for key, member in kept.items()}
    shares: dict[str, int] = {}
    for count, key in enumerate(sorted(wanted, key=lambda key: wanted[key])):
        extra = min(wanted[key], room // (len(wanted) - count))
        shares[key] = least_of(kept[key]) + extra
        room -= extra
    return {key: fitted(member, f"{path}.{key}".lstrip("."), shares[key], cuts) for key, member in kept.items()}


def _fitted_list(value: list[Any], path: str, room: int, cuts: Cuts) -> list[Any]:
    """Shorten the long texts of a list; if that is not enough, keep the newest entries and the oldest one.

    A list that is in no known order of time keeps its first items.
    """
    room -= PAIR
    window = cuts.window if cuts.window.names(path) else None
    newest = window.newest if window else newest_end(value)
    short, most = _shortened_to(value, room)
    kept = kept_entries([size_of(entry) + SIGN for entry in short], room, newest)
    has_whole_entries = bool(kept.places)
    if not has_whole_entries:
        place = len(value) - 1 if newest == "last" else 0
        kept = Kept([place] if room >= least_of(value[place]) else [], len(value), newest)
    if len(kept.places) < len(value):
        # Before the texts, which may be too many to be named.
        cuts.add(path, **kept.described(window))
    if not has_whole_entries:
        return [fitted(value[place], f"{path}[{place}]", room, cuts) for place in kept.places]
    _name_shortened(value, kept.places, most, path, cuts)
    return [short[place] for place in kept.places]


def _shortened_to(value: list[Any], room: int) -> tuple[list[Any], int]:
    """Return a list with texts of at most so many characters, and that number: the largest with which it fits.

    If it fits with none, it is the least; 0 if no text is longer.
    """
    if not any(_has_longer(entry, SHORTEST) for entry in value):
        return value, 0
    short, least, most = shortened(value, SHORTEST), SHORTEST, LONGEST
    if size_of(short) > room:
        return short, SHORTEST
    while most - least > least // 8:
        middle = (least + most) // 2
        tried = shortened(value, middle)
        if size_of(tried) <= room:
            short, least = tried, middle
        else:
            most = middle
    return short, least


def shortened(value: Any, most: int) -> Any:
    """Return a value whose texts have at most so many characters; each that was longer ends with `…`."""
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}…"
    if isinstance(value, list):
        return [shortened(item, most) for item in value]
    if isinstance(value, dict):
        return {name: shortened(member, most) for name, member in value.items()}
    return value


def _has_longer(value: Any, most: int) -> bool:
    if isinstance(value, str):
        return len(value) > most
    if isinstance(value, list):
        return any(_has_longer(item, most) for item in value)
    return isinstance(value, dict) and any(_has_longer(member, most) for member in value.values())


def _name_shortened(value: list[Any], places: list[int], most: int, path: str, cuts: Cuts) -> None:
    """Name the texts that were shortened: each by its place if they are few, else all at once."""
    found = [each for place in places for each in _longer(value[place], most, f"{path}[{place}]")] if most else []
    if len(found) > NAMED_TEXTS:
        # Other lists have no such argument.
        advice = {"advice": WHOLE_TEXTS} if cuts.window.names(path) else {}
        cuts.add(path, shortened_texts=len(found), kept_characters=most, **advice)
        return
    for where, text in found:
        cuts.add(where, kept_characters=most, total_characters=len(text))


def _longer(value: Any, most: int, path: str) -> list[tuple[str, str]]:
    """Return the texts of more characters, with their places."""
    if isinstance(value, str):
        return [(path, value)] if len(value) > most else []
    inner: list[tuple[str, Any]] = []
    if isinstance(value, list):
        inner = [(f"{path}[{place}]", item) for place, item in enumerate(value)]
    elif isinstance(value, dict):
        inner = [(f"{path}.{name}", member) for name, member in value.items()]
    return [found for where, each in inner for found in _longer(each, most, where)]


def _fitted_text(value: str, path: str, room: int, cuts: Cuts) -> str:
    kept = longest(min(len(value), room // LETTER), lambda length: size_of(f"{value[:length]}…") <= room)
    cuts.add(path, kept_characters=kept, total_characters=len(value))
    return f"{value[:kept]}…"
