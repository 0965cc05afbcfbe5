"""Write a text that matches a regular expression: enough of them for the patterns that descriptions have."""

import random
import re
import string
from typing import Any

# The parser that `re` itself uses; it has no public name.
_parser: Any = __import__("re._parser", fromlist=["parse"])
PLAIN = string.ascii_letters + string.digits
VISIBLE = PLAIN + " -_.,:;!?@#/"
CLASSES = {
    "CATEGORY_DIGIT": string.digits, "CATEGORY_WORD": PLAIN + "_", "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_letters, "CATEGORY_NOT_WORD": "-. ", "CATEGORY_NOT_SPACE": PLAIN,
}  # fmt: skip
LONGEST_RUN = 3


class Unwritable(ValueError):
    """No text was found that matches."""


def matching(patterns: list[str], rng: random.Random, low: int, high: int) -> str:
    """Return a text of a length that matches all the patterns; raise Unwritable."""
    for _ in range(30):
        text = _text(patterns[0], rng, low)
        if low <= len(text) <= high and all(matches(pattern, text) for pattern in patterns):
            return text
    raise Unwritable(patterns[0])


def matches(pattern: str, text: str) -> bool:
    """Return whether a text matches; one that Python cannot read matches nothing."""
    try:
        return re.search(_spoken(pattern), text) is not None
    except (re.error, OverflowError):
        return False


def _spoken(pattern: str) -> str:
    return (
        re.sub(r"\\p\{L\w*\}", "a-zA-Z", pattern)
        .replace(r"\/", "/")
        .replace("(?<", "(?P<")
        .replace("(?P<=", "(?<=")
        .replace("(?P<!", "(?<!")
    )


def _text(pattern: str, rng: random.Random, low: int) -> str:
    try:
        parsed = _parser.parse(_spoken(pattern))
    except (re.error, OverflowError) as refused:
        raise Unwritable(str(refused)) from None
    text = _written(parsed, rng, low, {})
    if not str(pattern).endswith("$"):
        text += "".join(rng.choice(PLAIN) for _ in range(max(low - len(text), 0)))
    return text


def _written(parsed: Any, rng: random.Random, low: int, groups: dict[int, str]) -> str:
    return "".join(_part(str(code), value, rng, low, groups) for code, value in parsed)


def _part(code: str, value: Any, rng: random.Random, low: int, groups: dict[int, str]) -> str:
    match code:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return next(each for each in PLAIN if ord(each) != value)
        case "ANY":
            return rng.choice(PLAIN)
        case "IN":
            return rng.choice(_characters(value))
        case "BRANCH":
            return _written(rng.choice(value[1]), rng, low, groups)
        case "SUBPATTERN":
            text = _written(value[3], rng, low, groups)
            if value[0] is not None:
                groups[value[0]] = text
            return text
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most = int(value[0]), int(value[1])
            wanted = max(least, min(most, max(low, rng.randint(1, LONGEST_RUN))))
            return "".join(_written(value[2], rng, low, groups) for _ in range(wanted))
        case "GROUPREF":
            return groups.get(value, "")
        case "CATEGORY":
            return rng.choice(CLASSES[str(value)])
        case _:
            return ""  # anchors and assertions: the result is tried against the whole pattern


def _characters(parts: Any) -> str:
    found = ""
    for code, value in parts:
        match str(code):
            case "LITERAL":
                found += chr(value)
            case "RANGE":
                found += "".join(map(chr, range(value[0], min(value[1], value[0] + 200) + 1)))
            case "CATEGORY":
                found += CLASSES[str(value)]
    if str(parts[0][0]) == "NEGATE":
        found = "".join(each for each in VISIBLE if each not in found)
    usual = "".join(each for each in found if each in PLAIN)
    if not found:
        raise Unwritable("an empty class")
    return usual or found
