"""Hold what an admin types against a definition's pattern, in an engine whose time the two cannot drive up.

Python's own engine tries every way in which a pattern can match, and holds up the whole process meanwhile.
"""

from functools import lru_cache

import jsonschema_rs

# Steps are counted only for patterns that look around or refer back; all others take one step a character.
OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000, size_limit=1024 * 1024)


class PatternUnusable(ValueError):
    """The engine does not know a word of the pattern, such as `\\Z`."""


def matches(pattern: str, value: str) -> bool:
    """Tell whether the whole value matches; raise PatternUnusable."""
    return _judge(pattern).is_valid(value)


@lru_cache(maxsize=256)
def _judge(pattern: str) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": f"^(?:{pattern})$"}, pattern_options=OPTIONS)
    except ValueError:
        raise PatternUnusable(pattern) from None
