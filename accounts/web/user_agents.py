"""What a client is made with, as far as its User-Agent tells: a framework that names itself, else its HTTP library."""

import re
from functools import lru_cache

# RFC 9110, 10.1.5: products from the most significant on, each a token with a version after a slash.
PRODUCT = re.compile(r"([!#-'*+.0-9A-Z^-z|~-]{1,60})(?:/v?([!#-'*+.0-9A-Z^-z|~-]{1,30}))?")


@lru_cache(maxsize=1024)
def framework_of(user_agent: str) -> str:
    """Return the first product of a User-Agent with its version, such as `google-adk 2.13.0`; empty if it has none."""
    found = PRODUCT.match(user_agent)
    return " ".join(part for part in found.groups() if part) if found else ""
