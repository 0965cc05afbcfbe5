"""What a vendor says went wrong, in its headers or in the body of its answer."""

from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.definition import Definition
from accounts.errors import NotJSON
from accounts.invisible import visible
from accounts.vendors.upstream import UpstreamResponse


def vendor_words(response: UpstreamResponse, definition: Definition) -> tuple[str, str]:
    """Return what the vendor says went wrong, and its code for that; either may be empty.

    Each is one line, of at most 500 and 100 characters, in which nothing is hidden.
    """
    told = definition.errors
    words = _told(response, told.message_header, told.message)
    code = _told(response, told.code_header, told.code)
    return visible(words)[:500], visible(code)[:100]


def _told(response: UpstreamResponse, header: str | None, expression: str | None) -> str:
    """Return what stands in a header, or else in the JSON body at a place."""
    said: Any = response.headers.get(header.lower()) if header else None
    if not said and expression and "json" in response.media_type:
        try:
            said = jmespath.search(expression, bounded_json.loads(response.body))
        except (NotJSON, JMESPathError):
            said = None
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    return " ".join(said.split()) if isinstance(said, str) else ""
