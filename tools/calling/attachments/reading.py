"""Make of a downloaded file what a model can read: text by pages, an image, or the file itself.

What the vendor calls a file is not believed where it matters: its first bytes say whether it is an image or a PDF, and
its characters whether it is text.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

from accounts.vendors.answers.charsets import charset_of, decoded
from accounts.vendors.answers.markup import is_page
from accounts.vendors.upstream import UpstreamResponse
from tools.calling.answers.file_errors import in_place_of_file
from tools.calling.answers.files import IMAGES, OCTETS, TEXTUAL, File, FileKind, recognised
from tools.calling.answers.html_text import html_to_text
from tools.calling.attachments.files import Attachment
from tools.calling.attachments.pdf import PdfUnreadable, text_of
from tools.tokens import LETTER, weight_of

PDF, PDF_SIGN = "application/pdf", b"%PDF-"
# ISO 32000-1, annex H, implementation note 13: readers accept the sign anywhere within so many bytes.
PDF_WITHIN = 1024
# A text is told in pages of so many characters, cut at the end of a line.
PAGE_CHARACTERS = 4000
# Reserved, in hundredths of a token, for what surrounds the text.
AROUND = 40_000
# A text has none of these, however it is encoded; UTF-16 has a mark.
NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
WIDE = (b"\xff\xfe", b"\xfe\xff")
LOOKED_AT = 64 * 1024
MOST_REPLACED = 0.1
REPLACEMENT = "\ufffd"
# Media types that say nothing of what a file is.
UNTOLD = frozenset({"", OCTETS, "binary/octet-stream", "application/x-download"})
PLAIN = UNTOLD | {"text/plain"}
SEEN = frozenset(media_type for _, media_type in IMAGES)


class FileRefused(ValueError):
    """A file is not passed on; the message says why, as part of a sentence."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as a model gets it: what is told of it, its text from page `first` on, or the file itself."""

    attachment: Attachment
    media_type: str
    size: int
    texts: tuple[str, ...] = ()
    first: int = 1
    pages: int = 0
    file: File | None = None
    note: str = ""

    def within(self, tokens: int) -> dict[str, Any]:
        """Return the result, with as many pages of the text as fit."""
        about = self.attachment.shown | {"media_type": self.media_type, "bytes": self.size}
        shown: dict[str, Any] = {"file": about}
        if self.file is not None:
            return shown | ({"note": self.note} if self.note else {})
        kept = self._fitting(100 * tokens - AROUND)
        shown |= {"text": "\n\n".join(self.texts[:kept]) if self.is_pdf else "".join(self.texts[:kept])}
        if self.pages > 1 or not self.texts:
            shown |= {"pages": self.pages, "note": self._which(kept)}
        return shown

    @property
    def is_pdf(self) -> bool:
        """Whether its pages are those of a document, with their numbers."""
        return self.media_type == PDF

    def _fitting(self, room: int) -> int:
        """Return how many pages fit: one at least, which is cut like any text if it is too long."""
        for count, text in enumerate(self.texts):
            room -= weight_of(orjson.dumps(text))
            if room < 0:
                return max(count, 1)
        return len(self.texts)

    def _which(self, kept: int) -> str:
        """Return which pages are shown, and how to get the others."""
        if not kept:
            return f"It has {self.pages} pages: there is no page {self.first}."
        last = self.first + kept - 1
        told = f"Pages {self.first}–{last} of {self.pages}." if kept > 1 else f"Page {last} of {self.pages}."
        if last == self.pages:
            return told
        left = f"Page {self.pages}" if last + 1 == self.pages else f"Pages {last + 1}–{self.pages}"
        verb = "is" if last + 1 == self.pages else "are"
        return f"{told} {left} of {self.pages} {verb} not shown: ask with from_page={last + 1}."


async def read(attachment: Attachment, response: UpstreamResponse, *, first: int, tokens: int) -> ReadFile:
    """Return a downloaded file as a model gets it, from page `first` on; raise FileRefused."""
    told = response.media_type if response.media_type not in UNTOLD else attachment.media_type
    if PDF_SIGN in response.body[: PDF_WITHIN if told == PDF else len(PDF_SIGN)]:
        return await _pdf(attachment, response, first=first, tokens=tokens)
    kind, media_type = recognised(response.body, told)
    if kind is not FileKind.BINARY:
        return _as_file(attachment, kind, media_type, response.body)
    text = await asyncio.to_thread(_text, attachment, response, told)
    if text is None:
        # Clients take a resource for what its media type says.
        is_other = bool(TEXTUAL.fullmatch(told)) or told in SEEN
        return _as_file(attachment, kind, OCTETS if is_other else told, response.body)
    pages = _in_pages(text)
    media_type = told if TEXTUAL.fullmatch(told) else "text/plain"
    return ReadFile(attachment, media_type, len(response.body), tuple(pages[first - 1 :]), first, len(pages))


async def _pdf(attachment: Attachment, response: UpstreamResponse, *, first: int, tokens: int) -> ReadFile:
    size, most_characters = len(response.body), 100 * tokens // LETTER
    try:
        found = await text_of(response.body, first=first, most_characters=most_characters)
    except PdfUnreadable as unreadable:
        raise FileRefused(str(unreadable)) from None
    if found.texts and not any(map(str.strip, found.texts)):
        note = f"No text was found on its {len(found.texts)} pages from page {first} on: they may be scanned images."
        return _as_file(attachment, FileKind.BINARY, PDF, response.body, note)
    texts = tuple(f"[Page {number}]\n{text.strip()}" for number, text in enumerate(found.texts, first))
    return ReadFile(attachment, PDF, size, texts, first, found.pages)


def _as_file(attachment: Attachment, kind: FileKind, media_type: str, content: bytes, note: str = "") -> ReadFile:
    """Return what is passed on as it is; raise FileRefused if it is too large for that."""
    size, most = len(content), settings.RESULT_BINARY_BYTES
    if size > most:
        raise FileRefused(f"of a file that is not text at most {most:,} bytes are passed on")
    return ReadFile(attachment, media_type, size, file=File(kind, media_type, attachment.name, content), note=note)


def _text(attachment: Attachment, response: UpstreamResponse, told: str) -> str | None:
    """Return a file's text; None if it has none. HTML is told as a person would see it."""
    text = _decoded(response, told)
    if text is None:
        return None
    # A plain text may be anything.
    instead = in_place_of_file(response, None if attachment.media_type in PLAIN else attachment.media_type)
    if instead is not None:
        raise FileRefused(f"{instead[0].value} came in its place")
    return html_to_text(text) if is_page(text) or "html" in told else text


def _decoded(response: UpstreamResponse, told: str) -> str | None:
    """Return the characters of a file, unless it is binary."""
    if NO_TEXT.search(response.body[:LOOKED_AT]) and not response.body.startswith(WIDE):
        return None
    text = decoded(response.body, charset_of(response) or "utf-8")
    most = MOST_REPLACED * len(text) if TEXTUAL.fullmatch(told) else 0
    return text if text.count(REPLACEMENT) <= most else None


def _in_pages(text: str) -> list[str]:
    """Return a text in pages, each but the last cut behind the end of a line where there is one."""
    pages, at = [], 0
    while len(text) - at > PAGE_CHARACTERS:
        line = text.rfind("\n", at, at + PAGE_CHARACTERS) + 1
        end = line if line > at + PAGE_CHARACTERS // 2 else at + PAGE_CHARACTERS
        pages.append(text[at:end])
        at = end
    return [*pages, text[at:]]
