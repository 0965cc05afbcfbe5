"""Read a vendor's answer: its result, or the failure that it reports."""

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
from tools.calling.shaping import ALONE, Surroundings
from tools.catalogue.compilation import Tool
from tools.errors import AnswerUnusable, RateLimited, VendorRefused
from tools.ratelimits import RateLimits

OTHER_FORM = "answered in another form than its definition says."


@dataclass(frozen=True, slots=True)
class AnswerContent:
    """An answer's result, and the whole document, which may also contain totals and links to next pages.

    `beside` is what a model is shown beside the result.
    """

    result: Any
    document: Any = None
    beside: Surroundings = ALONE


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """A vendor's answer to a tool call, and the rate limits in its headers."""

    tool: Tool
    connection: Connection
    response: UpstreamResponse
    limits: RateLimits

    def content(self) -> AnswerContent:
        """Return the answer's content; raise RateLimited, VendorRefused or AnswerUnusable."""
        self._check_status()
        if not self.response.body.strip():
            return self._nothing()
        match self.tool.method.answer:
            case "json":
                document = self._document()
                self._check_success(document)
                return AnswerContent(self._result(document), document)
            case "file":
                self._check_reported_failure()
                return AnswerContent(self._file())
            case kind:
                self._check_reported_failure()
                return AnswerContent(self._text(is_html=kind == "html"))

    def unusable(self, what: str, *, worth_repeating: bool = True) -> AnswerUnusable:
        """Return the failure for an answer that the API should not give; `what` follows the vendor's name."""
        reason = f"{self.connection.vendor} {what}"
        return AnswerUnusable(reason, self.response.status, self.limits, worth_repeating=worth_repeating)

    def _instead(self, came: str, wanted: str = "data") -> AnswerUnusable:
        return self.unusable(f"answered HTTP {self.response.status}, but with {came} instead of {wanted}.")

    def _refused(self, how: str) -> VendorRefused:
        words, code = vendor_words(self.response, self.tool.definition)
        reason = f"{self.connection.vendor} refused the call{how} with HTTP {self.response.status}."
        return VendorRefused(reason, self.response.status, self.limits, words=words, code=code)

    def _check_status(self) -> None:
        status = self.response.status
        if status == 429:
            raise RateLimited(f"{self.connection.vendor}'s rate limit is reached.", status, self.limits)
        if 300 <= status < 400:
            raise self.unusable(f"answered with a redirect (HTTP {status}), which is never followed.")
        if status >= 400:
            raise self._refused("")

    def _nothing(self) -> AnswerContent:
        # A write need not return anything, and a 204 never does (RFC 9110, 15.3.5).
        if self.tool.read_only and self.response.status != 204:
            raise self._instead("nothing")
        return AnswerContent(None)

    def _document(self) -> Any:
        """Parse the answer as JSON, whatever its media type."""
        try:
            return bounded_json.loads(_in_utf_8(self.response))
        except NotJSON as problem:
            is_page = "html" in self.response.media_type
            came = "a web page, such as a sign-in page" if is_page else f"no usable JSON ({problem})"
            raise self._instead(came) from None

    def _check_success(self, document: Any) -> None:
        """Raise VendorRefused if the answer reports a failure although its status says success."""
        failed = self.tool.definition.errors.failed
        if failed and self._found(failed, document):
            raise self._refused(", although")

    def _result(self, document: Any) -> Any:
        place = self.tool.method.result
        return self._found(place, document) if place else document

    def _found(self, expression: str, document: Any) -> Any:
        try:
            return compiled(expression).search(document)
        except JMESPathError:
            raise self.unusable(OTHER_FORM) from None

    def _check_reported_failure(self) -> None:
        """Raise VendorRefused if JSON that reports a failure came instead of a text or file."""
        if not self.tool.definition.errors.failed or "json" not in self.response.media_type:
            return
        try:
            document = bounded_json.loads(self.response.body)
        except NotJSON:
            return
        self._check_success(document)

    def _text(self, *, is_html: bool) -> str:
        text = read_text(self.response)
        if is_html:
            return html_to_text(text)
        if "html" in self.response.media_type and text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
            raise self._instead("a web page", "plain text")
        return text.replace("\0", "")

    def _file(self) -> File:
        size, most = len(self.response.body), settings.RESULT_BINARY_BYTES
        if size > most:
            media_type = self.response.media_type or "no media type"
            what = f"answered with a file of {size:,} bytes ({media_type}); at most {most:,} are passed on."
            raise self.unusable(what, worth_repeating=False)
        return read_file(self.response)


def _in_utf_8(response: UpstreamResponse) -> bytes:
    """Return a body as JSON parsers expect it: some vendors send a byte order mark, or use an older charset."""
    charset = charset_of(response)
    if charset in {"", "utf-8", "ascii"} or response.body.startswith(BOM_UTF8):
        return response.body.removeprefix(BOM_UTF8)
    return decoded(response.body, charset).encode()


@lru_cache(maxsize=1024)
def compiled(expression: str) -> Any:
    """Return a compiled JMESPath expression; the library's own cache holds only a few."""
    return jmespath.compile(expression)
