"""Match an admin's input against a definition's pattern in an engine with bounded running time.

Python's `re` tries every way in which a pattern can match, and blocks the whole process meanwhile.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any


class PatternUnusable(ValueError):
    """The engine does not support the pattern's syntax, such as `\\Z`."""


def matches(pattern: str, value: str) -> bool:
    """Return whether the pattern matches the whole value; raise PatternUnusable."""
    return bool(_judge(pattern).is_valid(value))


@lru_cache(maxsize=256)
def _judge(pattern: str) -> Any:
    # Imported here, since an idle worker matches nothing.
    engine = import_module("jsonschema_rs")
    # The backtrack limit concerns only patterns with look-around or back-references; all others run in linear time.
    options = engine.FancyRegexOptions(backtrack_limit=10_000, size_limit=1024 * 1024)
    try:
        return engine.Draft202012Validator({"pattern": f"^(?:{pattern})$"}, pattern_options=options)
    except ValueError:
        raise PatternUnusable(pattern) from None
