"""Read a vendor's answer: the result in it, or what it says went wrong."""

from codecs import BOM_UTF8
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from django.conf import settings
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.errors import NotJSON
from accounts.vendors.charsets import charset_of, decoded
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse
from accounts.vendors.vendor_errors import vendor_words
from tools.calling.files import File, read_file, read_text
from tools.calling.html_text import html_to_text
from tools.catalogue.compilation import Tool
from tools.errors import AnswerUnusable, RateLimited, VendorRefused
from tools.ratelimits import RateLimits


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered: the result in it, and the whole document, where totals and next pages are told."""

    result: Any
    document: Any = None


def read_answer(tool: Tool, connection: Connection, response: UpstreamResponse, limits: RateLimits) -> Answer:
    """Return what an answer holds; raise what the answer says went wrong."""
    vendor = connection.vendor
    if response.status == 429:
        raise RateLimited(f"{vendor}'s rate limit is reached.", response.status, limits)
    if 300 <= response.status < 400:
        raise _unusable(
            f"{vendor} answered with a redirect (HTTP {response.status}), which is never followed.", response, limits
        )
    if response.status >= 400:
        words, code = vendor_words(response, tool.definition)
        raise VendorRefused(
            f"{vendor} refused the call with HTTP {response.status}.",
            response.status,
            limits,
            words=words,
            code=code,
        )
    if not response.body.strip():
        if tool.read_only and response.status != 204:
            raise _unusable(
                f"{vendor} answered HTTP {response.status}, but with nothing instead of data.", response, limits
            )
        return Answer(None)
    match tool.method.answer:
        case "json":
            document = _document(vendor, response, limits)
            _check_success(tool, connection, document, response, limits)
            return Answer(_result(tool, document, response, limits), document)
        case "file":
            return Answer(_file(tool, connection, response, limits))
        case kind:
            return Answer(_text(tool, connection, response, limits, is_html=kind == "html"))


def _document(vendor: str, response: UpstreamResponse, limits: RateLimits) -> Any:
    """Return the JSON of an answer, whatever media type it goes by."""
    try:
        return bounded_json.loads(_in_utf_8(response))
    except NotJSON as problem:
        what = "a web page, such as a sign-in page" if "html" in response.media_type else f"no usable JSON ({problem})"
        raise _unusable(
            f"{vendor} answered HTTP {response.status}, but with {what} instead of data.", response, limits
        ) from None


def _in_utf_8(response: UpstreamResponse) -> bytes:
    """Return a body as JSON parsers take it: some vendors send a byte order mark, or name an older charset."""
    charset = charset_of(response)
    if charset in {"", "utf-8", "ascii"} or response.body.startswith(BOM_UTF8):
        return response.body.removeprefix(BOM_UTF8)
    return decoded(response.body, charset).encode()


def _check_success(
    tool: Tool, connection: Connection, document: Any, response: UpstreamResponse, limits: RateLimits
) -> None:
    """Raise VendorRefused where an answer reports a failure although its status says success."""
    failed = tool.definition.errors.failed
    if failed and _found(failed, document, connection.vendor, response, limits):
        words, code = vendor_words(response, tool.definition)
        raise VendorRefused(
            f"{connection.vendor} refused the call, although with HTTP {response.status}.",
            response.status,
            limits,
            words=words,
            code=code,
        )


def _result(tool: Tool, document: Any, response: UpstreamResponse, limits: RateLimits) -> Any:
    if not tool.method.result:
        return document
    return _found(tool.method.result, document, tool.definition.label, response, limits)


def _found(expression: str, document: Any, vendor: str, response: UpstreamResponse, limits: RateLimits) -> Any:
    """Return what lies at a place of an answer."""
    try:
        return compiled(expression).search(document)
    except JMESPathError:
        raise _unusable(f"{vendor} answered in another form than its definition says.", response, limits) from None


@lru_cache(maxsize=1024)
def compiled(expression: str) -> Any:
    """Return a JMESPath expression, ready to be searched with; the library itself keeps only a few."""
    return jmespath.compile(expression)


def _text(tool: Tool, connection: Connection, response: UpstreamResponse, limits: RateLimits, *, is_html: bool) -> str:
    _check_told_failure(tool, connection, response, limits)
    text = read_text(response)
    if is_html:
        return html_to_text(text)
    if "html" in response.media_type and text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
        reason = f"{connection.vendor} answered HTTP {response.status}, but with a web page instead of plain text."
        raise _unusable(reason, response, limits)
    return text.replace("\0", "")


def _file(tool: Tool, connection: Connection, response: UpstreamResponse, limits: RateLimits) -> File:
    _check_told_failure(tool, connection, response, limits)
    size, most = len(response.body), settings.RESULT_BINARY_BYTES
    if size > most:
        media_type = response.media_type or "no media type"
        raise AnswerUnusable(
            f"{connection.vendor} answered with a file of {size:,} bytes ({media_type}); at most {most:,} are "
            "passed on.",
            response.status,
            limits,
            worth_repeating=False,
        )
    return read_file(response)


def _check_told_failure(tool: Tool, connection: Connection, response: UpstreamResponse, limits: RateLimits) -> None:
    """Raise VendorRefused where JSON came in the place of a text or file, and reports a failure."""
    if not tool.definition.errors.failed or "json" not in response.media_type:
        return
    try:
        document = bounded_json.loads(response.body)
    except NotJSON:
        return
    _check_success(tool, connection, document, response, limits)


def _unusable(reason: str, response: UpstreamResponse, limits: RateLimits) -> AnswerUnusable:
    return AnswerUnusable(reason, response.status, limits)
