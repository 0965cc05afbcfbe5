"""Find characters that people do not see but models read, which can hide instructions in a text.

They are zero-width and formatting characters, direction marks, Unicode's tag characters, surplus variation selectors,
private use, blank fillers, and control characters other than line breaks and tabs.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

import orjson

SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff]"
)
# The same characters in UTF-8, by first byte: most texts contain few of these, and searching for one byte is fast.
SUSPECT_BYTES = {
    lead: re.compile(lead + rest)
    for lead, rest in {
        b"\xc2": rb"[\x80-\x9f\xad]",
        b"\xcd": rb"\x8f",
        b"\xd8": rb"\x9c",
        b"\xe1": rb"(?:\x85[\x9f\xa0]|\x9e[\xb4\xb5]|\xa0[\x8b-\x8f])",
        b"\xe2": rb"(?:\x80[\x8b-\x8f\xa8-\xae]|\x81[\xa0-\xaf]|\xa0\x80)",
        b"\xe3": rb"\x85\xa4",
        b"\xed": rb"[\xa0-\xbf]",
        b"\xee": rb"",
        b"\xef": rb"(?:[\x80-\xa3]|\xb7[\x90-\xaf]|\xb8[\x80-\x8f]|\xbb\xbf|\xbe\xa0|\xbf[\xb0-\xbb\xbe\xbf])",
        b"\xf0": rb"(?:\x93[\x90\x91]|\x9b\xb2[\xa0-\xa3]|\x9d\x85[\xb3-\xba])",
        b"\xf3": rb"[\xa0-\xbf]",
        b"\xf4": rb"",
    }.items()
}
# JSON's escapes of control characters other than line breaks and tabs; U+007F is not escaped.
CONTROL_ESCAPE = re.compile(rb"\\(?:[bf]|u00)")
JOINERS = "\u200c\u200d"
SELECTORS = re.compile("[\ufe00-\ufe0f]")
# The flags of England, Scotland and Wales, the only ones in use that consist of tag characters (UTS 51).
FLAGS = re.compile(
    "\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f)"
)
# Selectors of glyph variants: of Chinese characters, as in Japanese names, and of Mongolian letters.
FORMS = re.compile(
    "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][\U000e0100-\U000e01ef]|[\u1820-\u18aa][\u180b-\u180f]"
)
# Characters that a variation selector turns into an emoji.
KEYCAPS = frozenset("0123456789#*")
MAX_DEPTH = 64
NAMED = 3
# Longer runs are cut, so that escaping does not spell out a message hidden in them.
LONGEST_RUN = 8
SHOWN_ESCAPE = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def invisible_problems(place: str, value: Any) -> Iterator[str]:
    """Yield a sentence for each text with hidden characters in a value, member names included."""
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
    """Return the hidden characters of a text, except those that scripts and emoji need."""
    return [text[at] for at in _places(text)]


def _places(text: str) -> list[int]:
    """Return the indices of a text's hidden characters."""
    if text.isascii() and text.isprintable():
        return []
    found = [match.start() for match in SUSPECT.finditer(text)]
    if not found:
        return []
    whole = {at for match in (*FLAGS.finditer(text), *FORMS.finditer(text)) for at in range(*match.span())}
    return [at for at in found if at not in whole and not _is_needed(text, at)]


def _is_needed(text: str, at: int) -> bool:
    """Return whether a joiner or selector belongs to the visible character before it."""
    before = text[at - 1] if at else ""
    if not before or (SUSPECT.match(before) and not (text[at] in JOINERS and SELECTORS.match(before))):
        return False
    if text[at] in JOINERS:
        return not before.isascii() and at + 1 < len(text) and not text[at + 1].isascii()
    return bool(SELECTORS.match(text[at])) and (not before.isascii() or before in KEYCAPS)


def _is_plain(value: Any) -> bool:
    """Return whether a document certainly has no hidden characters: a fast path for most."""
    try:
        return not may_hide(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except (orjson.JSONEncodeError, RecursionError):
        return False


def may_hide(encoded: bytes) -> bool:
    """Return whether JSON as written by orjson may contain hidden characters; false positives are possible."""
    if b"\x7f" in encoded or (b"\\" in encoded and CONTROL_ESCAPE.search(encoded)):
        return True
    return not encoded.isascii() and any(
        lead in encoded and suspect.search(encoded) for lead, suspect in SUSPECT_BYTES.items()
    )


def revealed(value: Any) -> tuple[Any, int]:
    """Return a JSON value with hidden characters escaped, in member names too, and their number."""
    match value:
        case str():
            count = len(_places(value))
            return (visible(value), count) if count else (value, 0)
        case list():
            items = [revealed(item) for item in value]
            return [item for item, _ in items], sum(count for _, count in items)
        case dict():
            members = [(revealed(str(name)), revealed(member)) for name, member in value.items()]
            shown = {name: member for (name, _), (member, _) in members}
            return shown, sum(first + second for (_, first), (_, second) in members)
        case _:
            return value, 0


def unescaped(value: Any) -> Any:
    """Undo `revealed` in an id or filter that a model copied from a result."""
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    if not isinstance(value, str) or "\\u{" not in value:
        return value
    return SHOWN_ESCAPE.sub(_character, value)


def _character(found: "re.Match[str]") -> str:
    code = int(found[1], 16)
    # Surrogates are no characters, and cannot be encoded in UTF-8.
    sign = chr(code) if code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF else ""
    # Any other escape is the model's own text, which `revealed` cannot have produced.
    return sign if SUSPECT.fullmatch(sign) else found[0]


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
    """Return a text with its hidden characters escaped, and long runs of them shortened."""
    places = _places(text)
    if not places:
        return text
    parts, at = [], 0
    for start, end in _runs(places):
        parts += [text[at:start], _escapes(text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    start = before = places[0]
    for at in places[1:]:
        if at != before + 1:
            yield start, before + 1
            start = at
        before = at
    yield start, before + 1


def _escapes(hidden: str) -> str:
    shown = "".join(f"\\u{{{ord(sign):x}}}" for sign in hidden[:LONGEST_RUN])
    more = len(hidden) - LONGEST_RUN
    return f"{shown}[and {more} more]" if more > 0 else shown


def _named(found: list[str]) -> str:
    kinds = list(dict.fromkeys(found))
    names = [f"U+{ord(sign):04X} {unicodedata.name(sign, 'control character').lower()}" for sign in kinds[:NAMED]]
    more = f" and {len(kinds) - NAMED} more kinds" if len(kinds) > NAMED else ""
    count = "an invisible character" if len(found) == 1 else f"{len(found)} invisible characters"
    return f"{count} ({', '.join(names)}{more})"
