"""Read why a vendor refused a request: where its definition says, and otherwise in the usual places."""

import re
from typing import Any
from urllib.parse import parse_qsl

import jmespath
from jmespath.exceptions import JMESPathError

from accounts import bounded_json, lenient_json
from accounts.definition import Definition
from accounts.errors import NotJSON
from accounts.texts.invisible import visible
from accounts.vendors.answers.charsets import charset_of, decoded
from accounts.vendors.answers.markup import is_page, page_title, without_markup
from accounts.vendors.answers.reasons import MOST_CODE, MOST_WORDS, Complaint, Reason, one_line, reason_in
from accounts.vendors.upstream import UpstreamResponse

# How much of an error that is no JSON is read, in bytes, and the longest text of a web page that is an error's words.
MOST_BYTES = 64 * 1024
SHORT_PAGE = 300
FORM = "application/x-www-form-urlencoded"
# RFC 6750, section 3: a refused token is explained in a header.
CHALLENGE = re.compile(r'\berror_description="([^"]{1,500})"', re.IGNORECASE)
# What no text contains: such an answer is a file.
BINARY = re.compile("[\x00-\x08\x0e-\x1f]")


def vendor_reason(response: UpstreamResponse, definition: Definition) -> Reason:
    """Return what a vendor says of a request that it refused, and its code; both may be empty.

    Neither has invisible characters or line breaks. What the definition's `errors` names comes first.
    """
    places = definition.errors
    document = error_document(response)
    words = _text_at(response, document, places.message_header, places.message)
    code = _text_at(response, document, places.code_header, places.code)
    found = Reason((Complaint(words),)) if words else _usual_reason(response, document)
    complaints = tuple(_visible(complaint) for complaint in found.complaints)
    complaints = tuple(complaint for complaint in complaints if complaint.words)
    return Reason(complaints, visible(without_markup(code or found.code))[:MOST_CODE])


def _visible(complaint: Complaint) -> Complaint:
    fields = tuple(tuple(visible(step) for step in field) for field in complaint.fields)
    return Complaint(visible(without_markup(complaint.words))[:MOST_WORDS], fields)


def error_document(response: UpstreamResponse) -> Any:
    """Return the JSON of an answer, by whatever media type, also if it is only nearly right; None if it is none."""
    body = response.body
    if "xml" in response.media_type or body.lstrip()[:1] in {b"<", b""}:
        return None
    charset = charset_of(response)
    if charset not in {"", "utf-8", "ascii"}:
        body = decoded(body, charset).encode("utf-8", "replace")
    for loads in (bounded_json.loads, lambda raw: lenient_json.loads(raw)[0]):
        try:
            return loads(body)
        except NotJSON:
            continue
    return None


def _text_at(response: UpstreamResponse, document: Any, header: str | None, expression: str | None) -> str:
    """Return the text of a header, or else of the document's value at a JMESPath expression."""
    found: Any = response.headers.get(header.lower()) if header else None
    if not found and expression and document is not None:
        try:
            found = jmespath.search(expression, document)
        except JMESPathError:
            found = None
    # Some vendors' error codes are numbers.
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return one_line(found) if isinstance(found, str) else ""


def _usual_reason(response: UpstreamResponse, document: Any) -> Reason:
    if document is not None:
        reason = reason_in(document)
        return reason or _challenge(response)
    text = decoded(response.body[:MOST_BYTES], charset_of(response) or "utf-8")
    if response.media_type == FORM and "=" in text:
        return reason_in(dict(parse_qsl(text[: 8 * MOST_WORDS], max_num_fields=100)))
    words = _words(text)
    return Reason((Complaint(words[:MOST_WORDS]),)) if words else _challenge(response)


def _challenge(response: UpstreamResponse) -> Reason:
    challenge = CHALLENGE.search(response.headers.get("www-authenticate", "")[:4096])
    return Reason((Complaint(challenge[1]),)) if challenge else Reason()


def _words(text: str) -> str:
    """Return the words of an error that is a text, XML or a web page; a long page is reduced to its title."""
    if BINARY.search(text) or text.strip() == "null":
        return ""
    if not text.lstrip().startswith("<"):
        return one_line(text)
    words = without_markup(text)
    return page_title(text) if is_page(text) and len(words) > SHORT_PAGE else words
