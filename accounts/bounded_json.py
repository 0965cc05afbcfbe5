"""Read JSON that somebody else wrote, within a limit of nesting."""

from typing import Any

import orjson
from django.conf import settings


class NotJSON(ValueError):
    """The text is not JSON."""


class TooDeep(NotJSON):
    """The text is nested deeper than MAX_JSON_DEPTH."""


def loads(raw: bytes) -> Any:
    """Return what the text holds; raise NotJSON or TooDeep."""
    limit: int = settings.MAX_JSON_DEPTH
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        if "depth limit" in str(problem) or "recursion" in str(problem).lower():
            raise TooDeep(f"nested deeper than {limit} levels") from None
        raise NotJSON(str(problem)) from None
    # Brackets bound the depth from above, so that the common document is not walked at all.
    if raw.count(b"[") + raw.count(b"{") > limit and _is_deeper(value, limit):
        raise TooDeep(f"nested deeper than {limit} levels")
    return value


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(child for child in item.values() if isinstance(child, dict | list))
            elif isinstance(item, list):
                inner.extend(child for child in item if isinstance(child, dict | list))
        if not inner:
            return False
        level = inner
    return True
