"""Read a vendor's error message and code from the headers or the body of its answer."""

from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.definition import Definition
from accounts.errors import NotJSON
from accounts.texts.invisible import visible
from accounts.vendors.upstream import UpstreamResponse


def vendor_words(response: UpstreamResponse, definition: Definition) -> tuple[str, str]:
    """Return the vendor's error message and error code; either may be empty.

    Each is one line without invisible characters, of at most 500 and 100 characters.
    """
    places = definition.errors
    words = _text_at(response, places.message_header, places.message)
    code = _text_at(response, places.code_header, places.code)
    return visible(words)[:500], visible(code)[:100]


def _text_at(response: UpstreamResponse, header: str | None, expression: str | None) -> str:
    """Return the text of a header, or else of the JSON body's value at a JMESPath expression."""
    found: Any = response.headers.get(header.lower()) if header else None
    if not found and expression and "json" in response.media_type:
        try:
            found = jmespath.search(expression, bounded_json.loads(response.body))
        except (NotJSON, JMESPathError):
            found = None
    # Some vendors' error codes are numbers.
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return " ".join(found.split()) if isinstance(found, str) else ""
