"""Read which page sizes a vendor takes: from the schema of its parameter, or from its description."""

import re
from typing import Any

from tools.openapi.shapes.merging import Schema

NUMBER = r"`?(\d{1,3}(?:,\d{3})+|\d{1,5})\b(?!\.\d|%)"
MOST = re.compile(
    r"(?:max(?:imum)?\.?(?:\s+(?:value|is|of|allowed|number|per page|page size|size|limit|results|items))*[\s:=(]*|"
    r"between \d+ and |\bfrom \d+ to |\b[01] ?(?:-|–|to|\.\.+) ?|up to |(?:cannot|can not|must not|not) exceed |"
    r"no more than |not more than |at most |less than or equal to |<= ?|upper limit(?: of| is)? )" + NUMBER,
    re.IGNORECASE,
)
USUAL = re.compile(r"default(?:s to| is| value is| value|s|ing to| page size is| of)?[\s:=(]*" + NUMBER, re.IGNORECASE)
PER_PAGE = re.compile(
    NUMBER + r"\s+(?:\w+\s+){0,5}?(?:per|a|each|every|in (?:a|one|each|every)(?: single)?|on each) "
    r"(?:api )?(?:page|request|call|response)\b",
    re.IGNORECASE,
)
DEFAULT_LIMIT, MAX_LIMIT, LARGEST_LIMIT = 25, 100, 10_000
MAX_SIZES = 50


def sizes_of(schema: Schema, description: str) -> dict[str, Any]:
    """Return the settings of pagination for the sizes that a parameter takes."""
    sizes = _enumerated(schema)
    if sizes:
        # A model is better served by a short page than by a long one.
        usual = max([size for size in sizes if size <= DEFAULT_LIMIT], default=sizes[0])
        return {"default_limit": usual, "max_limit": sizes[-1], "page_sizes": sizes}
    usual = _whole(schema.get("default")) or _stated(USUAL, description)
    most = min(_maximum(schema) or _stated(MOST, description) or max(MAX_LIMIT, usual), LARGEST_LIMIT)
    least = min(_whole(schema.get("minimum")), most)
    limits = {"default_limit": max(1, least, min(usual or DEFAULT_LIMIT, DEFAULT_LIMIT, most)), "max_limit": most}
    return {**limits, "min_limit": least} if least > 1 else limits


def stated_size(*texts: str) -> int:
    """Return the size of every page that a text states, such as `50 items per page`; 0 if none does."""
    found = [size for size in (_stated(PER_PAGE, text) for text in texts) if 0 < size <= LARGEST_LIMIT]
    return found[0] if found else 0


def _enumerated(schema: Schema) -> list[int]:
    values = schema.get("enum")
    if not isinstance(values, list):
        return []
    sizes = {int(each) for each in values if str(each).isdecimal() and len(str(each)) < 6}
    return sorted(size for size in sizes if 0 < size <= LARGEST_LIMIT)[:MAX_SIZES]


def _maximum(schema: Schema) -> int:
    beyond = _whole(schema.get("exclusiveMaximum"))
    return _whole(schema.get("maximum")) or max(beyond - 1, 0)


def _stated(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1].replace(",", "")) if found else 0


def _whole(value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 < value <= 10**6 else 0
