"""Reduce a short piece of HTML or XML to its texts, such as an error page."""

import re
from html import unescape

# A comment, a script or style sheet with its content, or a tag; each may also be cut off at the end.
MARKUP = re.compile(r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)|</?[a-zA-Z!?][^<>]*(?:>|$)", re.I | re.S)
CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|$)", re.S)
TITLE = re.compile(r"<(?:title|h1)[^<>]*>([^<>]{1,300})<", re.I)
PAGE = re.compile(r"\s*(?:<\?xml[^<>]*>\s*)?(?:<!--[^<>]*-->\s*)?<(?:!doctype html|html|head|body)\b", re.I)
# A text that only mentions a type, such as `List<String>`, has none of these.
SIGN = re.compile(
    r"</|/>|<[!?]|<(?:a|b|i|p|br|hr|h[1-6]|em|li|ul|td|tr|div|img|pre|span|html|head|body|title|script|style|strong|table)\b",
    re.IGNORECASE,
)


def without_markup(text: str) -> str:
    """Return the texts between tags, on one line; a text without markup stays as it is."""
    if not SIGN.search(text):
        return " ".join(text.split())
    plain = MARKUP.sub(" ", CDATA.sub(r"\1", text))
    return " ".join(unescape(plain).split())


def is_page(text: str) -> bool:
    """Return whether a text is a whole web page."""
    return PAGE.match(text) is not None


def page_title(text: str) -> str:
    """Return the title of a web page, or its first heading; empty if it has neither."""
    found = TITLE.search(text)
    return without_markup(found[1]) if found else ""
