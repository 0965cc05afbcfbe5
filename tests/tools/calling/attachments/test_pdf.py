"""PDFs: their text by pages, and such as mean harm, which end nothing but the process that reads them."""

import asyncio
import base64
import io
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pytest_django.fixtures import Settings

from accounts.vendors.upstream import UpstreamResponse
from tests.pdf_files import pdf, pdf_of
from tools.calling.attachments.files import Attachment
from tools.calling.attachments.reading import FileRefused, ReadFile, read

SCAN = Attachment("f1", "scan.pdf", "application/pdf", None, "https://files.example/scan.pdf")


@pytest.fixture(autouse=True)
def _however_busy_the_machine_is(settings: Settings) -> None:
    settings.ATTACHMENT_SECONDS = 60


async def shown(content: bytes, *, first: int = 1, tokens: int = 2000) -> dict[str, Any]:
    """Return what a model gets of a PDF."""
    return (await as_read(content, first=first, tokens=tokens)).within(tokens)


async def as_read(content: bytes, *, first: int = 1, tokens: int = 2000) -> ReadFile:
    response = UpstreamResponse(200, {"content-type": "application/octet-stream"}, content)
    return await read(SCAN, response, first=first, tokens=tokens)


async def test_its_text_comes_by_pages() -> None:
    content = pdf("Invoice 7", "Total 12 EUR", "Thank you")
    assert await shown(content) == {
        "file": {"id": "f1", "name": "scan.pdf", "media_type": "application/pdf", "bytes": len(content)},
        "text": "[Page 1]\nInvoice 7\n\n[Page 2]\nTotal 12 EUR\n\n[Page 3]\nThank you",
        "pages": 3,
        "note": "Pages 1–3 of 3.",
    }
    assert (await shown(content, first=3))["text"] == "[Page 3]\nThank you"
    assert (await shown(content, first=4))["note"] == "It has 3 pages: there is no page 4."


async def test_what_does_not_fit_is_told_with_the_page_to_go_on_with(settings: Settings) -> None:
    content = pdf(*(f"Page {number} " + "word " * 600 for number in range(1, 13)))
    result = await shown(content)
    assert result["note"] == "Pages 1–2 of 12. Pages 3–12 of 12 are not shown: ask with from_page=3."
    assert "[Page 2]" in result["text"]
    assert "[Page 3]" not in result["text"]
    assert (await shown(content, first=11))["note"] == "Pages 11–12 of 12."
    assert (await shown(content, first=10))["note"] == (
        "Pages 10–11 of 12. Page 12 of 12 is not shown: ask with from_page=12."
    )
    settings.ATTACHMENT_PAGES = 1
    assert (await shown(content, first=5))["note"] == (
        "Page 5 of 12. Pages 6–12 of 12 are not shown: ask with from_page=6."
    )


async def test_a_scan_goes_as_a_file_that_says_so() -> None:
    content = pdf("", "")
    result = await as_read(content)
    assert result.within(2000)["note"] == "No text was found on its 2 pages from page 1 on: they may be scanned images."
    assert result.file is not None
    assert base64.b64decode(result.file.base64) == content


def locked() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf("Secret"))))
    writer.encrypt("password", algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def bomb() -> bytes:
    """Return a PDF of some kilobytes that unpacks to a hundred megabytes."""
    return pdf_of([b" " * 100_000_000], packed=True)


def endless() -> bytes:
    """Return a PDF whose text takes minutes to be put together."""
    return pdf_of([b"BT /F1 12 Tf " + b"(a) Tj " * 1_500_000 + b"ET"], packed=True)


def nested() -> bytes:
    return pdf_of([b"BT " + b"[" * 200_000 + b" TJ ET"])


def circular() -> bytes:
    return pdf("a").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")


DAMAGED, TOO_MUCH = "it is damaged, or no PDF", "it takes too much time or memory to be read"


async def refusal(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        await as_read(content)
    return str(refused.value)


async def test_one_that_means_harm_is_refused_and_others_are_read_meanwhile(settings: Settings) -> None:
    settings.ATTACHMENT_SECONDS = 2
    refusals = asyncio.gather(refusal(endless()), refusal(bomb()), refusal(nested()))
    await asyncio.sleep(0)  # until each has its two seconds
    settings.ATTACHMENT_SECONDS = 60
    assert (await shown(pdf("Hello")))["text"] == "[Page 1]\nHello"
    assert [*await refusals] == [TOO_MUCH] * 3


async def test_one_that_cannot_be_read_is_refused_with_its_reason() -> None:
    made = [locked(), circular(), b"%PDF-1.7\n" + b"\0" * 1000, pdf("a")[:200]]
    assert await asyncio.gather(*map(refusal, made)) == ["a password protects it", DAMAGED, DAMAGED, DAMAGED]
