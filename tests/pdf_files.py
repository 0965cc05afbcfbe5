"""PDFs for tests, written by hand: pages of one text each, and such as mean harm."""

import zlib
from collections.abc import Iterable

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(*texts: str) -> bytes:
    """Return a PDF of pages with one line of plain text each."""
    return pdf_of(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b"" for text in texts)


def pdf_of(contents: Iterable[bytes], *, packed: bool = False) -> bytes:
    """Return a PDF whose pages have these content streams."""
    streams = [_stream(each, packed=packed) for each in contents]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(streams)),
        FONT,
    ]
    for number, stream in enumerate(streams):
        page = b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>"
        objects += [page % (5 + 2 * number), stream]
    written, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start, count = len(written), len(objects) + 1
    written += b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n" % (count, table, count)
    return bytes(written + b"startxref\n%d\n%%%%EOF\n" % start)


def _stream(content: bytes, *, packed: bool) -> bytes:
    body = zlib.compress(content, 9) if packed else content
    kind = b"/Filter /FlateDecode " if packed else b""
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (kind, len(body), body)
