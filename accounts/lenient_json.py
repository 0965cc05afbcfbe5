"""Read JSON that is nearly right, once, and say what was wrong with it.

Vendors cut texts in the middle of an emoji, write NaN, leave control characters and bytes of older charsets in strings,
put a prefix against script inclusion before an answer, or answer with one document a line. Every step takes time
proportional to the length; nothing is guessed that could be meant in two ways.
"""

import codecs
import json
import math
import re
import sys
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings

from accounts import bounded_json
from accounts.bounded_json import is_deeper, small_number, whole_number
from accounts.errors import NotJSON, TooDeep

# The longest marks first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What vendors put before JSON so that no page can include it as a script.
PREFIX = re.compile(r"(?:\)\]\}'?,?|(?:while|for) ?\((?:1|true|;;)\) ?;|throw 1;[^\n{\[]{0,40}|\{\}&&)\s*")
# A string, which is always consumed whole, or a comma before the end of a list or object.
TRAILING = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*+[\]}])', re.DOTALL)
HALF = re.compile("[\ud800-\udfff]")
# Bytes that are not UTF-8, as Python's `surrogateescape` keeps them, and the Latin-1 characters that they stand for.
LATIN_1 = {0xDC00 + byte: chr(byte) for byte in range(0x80, 0x100)}
TOO_LARGE = "a number that is too large, shown as text"
BETWEEN = re.compile(r"[\s\x1e]*")


@dataclass
class _LenientReading:
    """What one reading found."""

    flaws: list[str] = field(default_factory=list)
    limit: int = 0

    def note(self, flaw: str) -> None:
        if flaw not in self.flaws:
            self.flaws.append(flaw)


def loads(raw: bytes) -> tuple[Any, list[str]]:
    """Return the value of JSON that is nearly right, and its flaws; raise NotJSON or TooDeep."""
    reading = _LenientReading(limit=settings.MAX_JSON_DEPTH)
    text = _text(raw, reading)
    prefix = PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
        reading.note("a prefix against script inclusion")
    if reading.flaws:
        try:
            return bounded_json.loads(text.encode("utf-8", "surrogatepass")), reading.flaws
        except NotJSON:
            pass  # it has other flaws too
    try:
        value = _parsed(text, reading)
    except RecursionError:
        raise TooDeep(f"nested deeper than {reading.limit} levels") from None
    if is_deeper(value, reading.limit):
        raise TooDeep(f"nested deeper than {reading.limit} levels")
    return _whole_characters(value, reading), reading.flaws


def _text(raw: bytes, reading: _LenientReading) -> str:
    """Decode by byte order mark or by the zeros between the characters; single bytes of other charsets are kept."""
    for mark, charset in MARKS:
        if raw.startswith(mark):
            reading.note(f"the charset {charset[:6].upper()}")
            return raw.decode(charset, "replace").lstrip("\ufeff")
    if raw[1:2] == b"\0" or raw[:1] == b"\0":
        charset = "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
        reading.note("the charset UTF-16")
        return raw.decode(charset, "replace").strip("\ufeff\0")
    text = raw.decode("utf-8", "surrogateescape")
    if text.startswith("\ufeff"):
        reading.note("a byte order mark")
        text = text.lstrip("\ufeff")
    if HALF.search(text):
        reading.note("bytes that are not UTF-8, read as Latin-1")
        text = text.translate(LATIN_1)
    bare = text.strip(" \t\r\n\0\x1e")
    if len(bare) < len(text.strip(" \t\r\n")):
        reading.note("zeros or separators around it")
    return bare


def _parsed(text: str, reading: _LenientReading) -> Any:
    if text[:1] not in ("{", "[", '"'):
        raise NotJSON("it begins with no object or list")
    decoder = _decoder(reading)
    try:
        value, end = decoder.raw_decode(text)
    except json.JSONDecodeError as problem:
        value, end = _without_trailing_commas(text, decoder, problem, reading), len(text)
    rest = BETWEEN.match(text, end)
    if rest is None or rest.end() == len(text):
        if not reading.flaws and not _is_strict(text):
            reading.note("control characters in its texts")
        return value
    return _several(text, [value], end, decoder, reading)


def _without_trailing_commas(
    text: str, decoder: json.JSONDecoder, problem: json.JSONDecodeError, reading: _LenientReading
) -> Any:
    kept = TRAILING.sub(lambda found: found[1] or "", text)
    if len(kept) == len(text):
        raise NotJSON(f"{problem.msg}: character {problem.pos}") from None
    try:
        value = decoder.decode(kept)
    except json.JSONDecodeError:
        raise NotJSON(f"{problem.msg}: character {problem.pos}") from None
    reading.note("commas before the end of a list or object")
    return value


def _several(text: str, values: list[Any], end: int, decoder: json.JSONDecoder, reading: _LenientReading) -> list[Any]:
    """Return the documents that follow one another, as JSON Lines has them; each must be an object or a list."""
    while end < len(text):
        between = BETWEEN.match(text, end)
        start = between.end() if between else end
        if start == len(text):
            break
        if text[start] not in "{[":
            raise NotJSON(f"something follows the JSON: character {start}")
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as problem:
            raise NotJSON(f"{problem.msg}: character {problem.pos}") from None
        values.append(value)
    if not all(isinstance(value, dict | list) for value in values):
        raise NotJSON("something follows the JSON")
    reading.note("one document after the other, shown as a list")
    return values


def _decoder(reading: _LenientReading) -> json.JSONDecoder:
    def constant(_: str) -> None:
        reading.note("NaN or Infinity, shown as null")

    def number(digits: str) -> Any:
        value = small_number(digits)
        if isinstance(value, str) or math.isfinite(value):
            return value
        reading.note(TOO_LARGE)
        return digits

    def whole(digits: str) -> Any:
        if len(digits) > sys.float_info.max_10_exp:
            reading.note(TOO_LARGE)
        return whole_number(digits)

    return json.JSONDecoder(strict=False, parse_constant=constant, parse_int=whole, parse_float=number)


def _is_strict(text: str) -> bool:
    try:
        orjson.loads(text.encode("utf-8", "surrogatepass"))
    except orjson.JSONDecodeError as problem:
        return "control character" not in str(problem)
    return True


def _whole_characters(value: Any, reading: _LenientReading) -> Any:
    """Return the value with U+FFFD in the place of half surrogate pairs."""
    text = json.dumps(value, ensure_ascii=False)
    if not HALF.search(text):
        return value
    reading.note("half characters, shown as \ufffd")
    return orjson.loads(HALF.sub("\ufffd", text))
