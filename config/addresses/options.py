"""Names of the options of an address, as far as they may be repeated."""

import re

# A password with a ? in it begins what looks like options, and must not be told.
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def is_option_name(text: str) -> bool:
    """Return whether a text looks like the name of an option, perhaps mistyped, and not like a part of a password."""
    return NAME.fullmatch(text) is not None
