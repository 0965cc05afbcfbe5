"""Decompress a vendor's answer piece by piece, so that a decompression bomb cannot fill the memory."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator

from accounts.errors import UpstreamUnreadable

PIECE_BYTES = 64 * 1024
GZIP_OR_ZLIB = 47  # zlib's wbits for: detect either header
RAW_DEFLATE = -15
GZIP_MAGIC = b"\x1f"

UNREADABLE = "the answer's compression cannot be read"


def decompressed(chunks: AsyncIterable[bytes], encoding: str) -> AsyncIterable[bytes]:
    """Return the body in pieces of at most PIECE_BYTES; raise UpstreamUnreadable, now or while it is read.

    Combined encodings are refused, since each would multiply the size again.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return chunks
        case "gzip" | "x-gzip" | "deflate":
            return _readable(chunks)
        case _:
            raise UpstreamUnreadable(UNREADABLE)


async def _readable(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in _inflated(chunks):
            yield piece
    except zlib.error:
        raise UpstreamUnreadable(UNREADABLE) from None


async def _inflated(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    inflater = None
    async for chunk in chunks:
        if not chunk:
            continue
        if inflater is None:
            inflater = zlib.decompressobj(GZIP_OR_ZLIB if _has_header(chunk) else RAW_DEFLATE)
        rest = chunk
        while True:
            if inflater.eof:
                # RFC 1952, 2.2: another member may follow; anything else ends the body.
                if not rest.startswith(GZIP_MAGIC):
                    return
                inflater = zlib.decompressobj(GZIP_OR_ZLIB)
            piece = inflater.decompress(rest, PIECE_BYTES)
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if piece:
                yield piece
            # After a full piece, zlib may have more output even if it has consumed all input.
            if not rest and (inflater.eof or len(piece) < PIECE_BYTES):
                break
    if inflater is not None and not inflater.eof:
        raise zlib.error("the compressed body is cut short")


def _has_header(start: bytes) -> bool:
    """Return whether data has a gzip or zlib header; some servers send raw deflate as `deflate` (RFC 9110, 8.4.1.2)."""
    zlib_header = start[0] & 0x0F == 8 and (len(start) == 1 or int.from_bytes(start[:2], "big") % 31 == 0)
    return zlib_header or start.startswith(GZIP_MAGIC)
