"""Resolve references such as `#/$defs/Ticket` within their document (RFC 6901)."""

from typing import Any
from urllib.parse import unquote


def target_of(reference: str, root: Any) -> Any:
    """Return the value that a reference into `root` points to; raise LookupError if there is none.

    `reference` begins with `#`. An extra slash, none after `#`, and %2F for ~1 are tolerated: documents have them.
    """
    target = root
    # What comes before the first slash is no step; the root may have a member of that empty name.
    for written in reference.removeprefix("#").removeprefix("/").split("/"):
        # RFC 6901, section 4: in this order, or `~01` would become a slash.
        step = unquote(written).replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and step in target:
            target = target[step]
        elif isinstance(target, dict) and written in target:  # generators quote a name, or do not quote its reference
            target = target[written]
        # isdigit() alone is true of digits that int() refuses, such as `²`.
        elif isinstance(target, list) and step.isascii() and step.isdigit() and len(step) < 10:
            target = target[int(step)]
        elif step:
            raise LookupError(reference)
    return target
