"""Tell an error, or a sign-in page, that came under a success status in the place of a file or text.

What is documented decides: an XML file is no error where XML is documented, whatever its root is called. Where the
media type is not documented, only what is an error by its own words is one.
"""

import re
from enum import Enum

from accounts import bounded_json
from accounts.errors import NotJSON
from accounts.texts.names import plain_name
from accounts.vendors.answers.markup import is_page, page_title
from accounts.vendors.upstream import UpstreamResponse
from tools.calling.answers.envelope_words import ENVELOPE, ERRORS, OF_PROBLEMS, TEXTS
from tools.calling.answers.files import OCTETS, read_text

# The beginning of an answer says what it is; a longer JSON is no error.
MOST_READ = 64 * 1024
# Documented types that say nothing of what is in a file.
ANY = frozenset({OCTETS, "application/binary", "binary/octet-stream", "application/x-download"})
XML_ERROR = re.compile(
    r"\s*(?:<\?xml[^<>]*>\s*)?(?:<!--[^<>]*-->\s*)?<(?:[\w-]+:)?"
    r"(?:errors?|error_?response|fault|exception|exception_?report|service_?exception_?report|problem)\b",
    re.IGNORECASE,
)
SIGN_IN = re.compile(r"type\s*=\s*[\"']?password\b", re.IGNORECASE)
TITLE_OF_ERROR = re.compile(
    r"\b(?:sign(?:ed)?[ -]?(?:in|out)|log(?:ged)?[ -]?(?:in|out|on)|error|denied|forbidden|unauthori[sz]ed|not found|"
    r"expired|unavailable|maintenance|authenticat\w+|40[0-9]|50[0-9])\b",
    re.IGNORECASE,
)


class InPlaceOfFile(Enum):
    """What came instead of a file."""

    PAGE = "a web page"
    ERROR = "an error"


def in_place_of_file(response: UpstreamResponse, accept: str | None) -> tuple[InPlaceOfFile, str] | None:
    """Return what came instead of a file, and the title of a page; None if it is the file.

    `accept` names the media types that are documented.
    """
    start = UpstreamResponse(response.status, response.headers, response.body[:MOST_READ])
    if start.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"<", b"{"):
        return None
    text = read_text(start).lstrip("\ufeff \t\r\n")
    documented = _documented(accept)
    # What the vendor itself calls a file is one, unless it cannot be the documented one.
    is_called_file = "attachment" in response.headers.get("content-disposition", "").lower()
    if is_page(text):
        title = page_title(text)
        says_so = bool(SIGN_IN.search(text) or TITLE_OF_ERROR.search(title)) and not is_called_file
        is_other = not _names(documented, "html") if documented else says_so
        return (InPlaceOfFile.PAGE, title) if is_other else None
    if XML_ERROR.match(text):
        is_other = not _names(documented, "xml") if documented else not is_called_file
        return (InPlaceOfFile.ERROR, "") if is_other else None
    is_other = bool(documented) and not _names(documented, "json") and _is_json_error(response.body)
    return (InPlaceOfFile.ERROR, "") if is_other else None


def names_json(accept: str | None) -> bool:
    """Return whether JSON is documented as a file."""
    return _names(_documented(accept), "json")


def _documented(accept: str | None) -> frozenset[str]:
    """Return the documented media types; empty if they say nothing of what is in a file."""
    named = {each.partition(";")[0].strip().lower() for each in (accept or "").split(",")}
    named = {each for each in named if each and "*" not in each}
    return frozenset() if named & ANY else frozenset(named)


def _names(documented: frozenset[str], kind: str) -> bool:
    return any(kind in each or (kind == "xml" and each.endswith("svg")) for each in documented)


def _is_json_error(body: bytes) -> bool:
    """Return whether a body is an object that has nothing but members of errors, with a text or error among them."""
    try:
        document = bounded_json.loads(body) if len(body) <= MOST_READ else None
    except NotJSON:
        return False
    if not isinstance(document, dict):
        return False
    names = set(map(plain_name, document))
    return bool(names & (TEXTS | ERRORS | {"title"})) and names <= ENVELOPE | OF_PROBLEMS
