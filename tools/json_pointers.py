"""What a reference such as `#/$defs/Ticket` names within its document (RFC 6901)."""

from typing import Any
from urllib.parse import unquote


def target_of(reference: str, root: Any) -> Any:
    """Return what a reference into `root` names; raise LookupError where it names nothing.

    `reference` begins with `#`. A slash too many, none behind `#`, and %2F for ~1 are forgiven: documents have them.
    """
    target = root
    for written in reference.removeprefix("#").split("/"):
        # RFC 6901, section 4: in this order, or `~01` would become a slash.
        step = unquote(written).replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and step in target:
            target = target[step]
        elif isinstance(target, list) and step.isascii() and step.isdigit() and len(step) < 10:
            target = target[int(step)]
        elif step:
            raise LookupError(reference)
    return target
