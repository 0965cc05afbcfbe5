"""Tell what a client is made with: by the name that it gives, else by its User-Agent.

Most frameworks give no name of their own. What is not in the table is shown as the first product of the User-Agent, the
HTTP library that it was sent with.
"""

import re
from functools import lru_cache

# How names and user agents of frameworks begin; as `make test-clients` sees them (tests/clients/frameworks).
FRAMEWORKS: tuple[tuple[str, str], ...] = ()
# RFC 9110, 10.1.5: a product is a name, and a version after a slash; names that clients give have a space there.
PRODUCT = re.compile(r"([!-.0-~]{1,60})(?:[/ ]v?([0-9][!-.0-~]{0,30}))?")


@lru_cache(maxsize=4096)
def framework_of(client: str, user_agent: str) -> str:
    """Return the framework of a client, or the HTTP library, with its version; empty if neither is told."""
    for told in (client, user_agent):
        for beginning, name in FRAMEWORKS:
            if told.lower().startswith(beginning):
                found = PRODUCT.match(told)
                return f"{name} {found[2]}" if found and found[2] else name
    found = PRODUCT.match(user_agent)
    return " ".join(part for part in found.groups() if part) if found else ""
