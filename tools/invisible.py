"""Find characters that people do not see and models read: the way hidden instructions come into a text.

Zero-width and formatting characters, marks of text direction, Unicode's tag characters, surplus variation selectors,
private use, fillers that show as nothing, and control characters other than line breaks and tabs.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import orjson

SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
JOINERS = "\u200c\u200d"
SELECTORS = re.compile("[\ufe00-\ufe0f]")
# Digits and signs that a variation selector makes an emoji of.
KEYCAPS = frozenset("0123456789#*")
ESCAPED_CONTROL = "\\u00"
MAX_DEPTH = 64
NAMED = 3


def invisible_problems(place: str, value: Any) -> Iterator[str]:
    """Yield a sentence for each text at or below a place that holds such characters; names of members count too."""
    if isinstance(value, str):
        found = hidden_in(value)
        if found:
            yield (
                f"{place}: holds {_named(found)}, which people do not see and models read. "
                "Take it out, or write the text anew."
            )
    elif isinstance(value, dict | list) and not _is_plain(value):
        for path, text in _texts(value, place, 0):
            yield from invisible_problems(path, text)


def hidden_in(text: str) -> list[str]:
    """Return the hidden characters of a text; joiners and selectors pass where scripts and emoji need them."""
    if text.isascii() and text.isprintable():
        return []
    return [text[found.start()] for found in SUSPECT.finditer(text) if not _is_needed(text, found.start())]


def _is_needed(text: str, at: int) -> bool:
    """Tell whether a joiner or selector belongs to the visible character before it."""
    before = text[at - 1] if at else ""
    if not before or (SUSPECT.match(before) and not (text[at] in JOINERS and SELECTORS.match(before))):
        return False
    if text[at] in JOINERS:
        return not before.isascii() and at + 1 < len(text) and not text[at + 1].isascii()
    return bool(SELECTORS.match(text[at])) and (not before.isascii() or before in KEYCAPS)


def _is_plain(value: Any) -> bool:
    """Tell at once, for most documents, that there is nothing to look for."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except (orjson.JSONEncodeError, RecursionError):
        return False
    return text.isascii() and ESCAPED_CONTROL not in text and "\x7f" not in text


def _texts(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif depth > MAX_DEPTH:
        return
    elif isinstance(value, dict):
        for key, child in value.items():
            yield f"{place} (a name)", str(key)
            yield from _texts(child, f"{place}.{visible(str(key))}", depth + 1)
    elif isinstance(value, list):
        for count, child in enumerate(value):
            yield from _texts(child, f"{place}[{count}]", depth + 1)


def visible(text: str) -> str:
    """Return a text with its hidden characters as escapes, to be shown to people."""
    if not hidden_in(text):
        return text
    return SUSPECT.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def _named(found: list[str]) -> str:
    kinds = list(dict.fromkeys(found))
    names = [f"U+{ord(sign):04X} {unicodedata.name(sign, 'control character').lower()}" for sign in kinds[:NAMED]]
    more = f" and {len(kinds) - NAMED} more kinds" if len(kinds) > NAMED else ""
    count = "an invisible character" if len(found) == 1 else f"{len(found)} invisible characters"
    return f"{count} ({', '.join(names)}{more})"
