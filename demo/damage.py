"""Answers that no client should trust."""

import zlib
from functools import cache

from demo.exchange import JSON, VendorResponse

SIGN_IN_PAGE = b"""<!DOCTYPE html>
<html><head><title>Sign in to FuseDesk</title></head>
<body><h1>Sign in</h1><form method="post" action="/login">
<input name="email"><input name="password" type="password"><button>Sign in</button>
</form></body></html>
"""
OVERSIZED_BYTES = 3_500_000
BOMB_MEBIBYTES = 52
DEPTH = 5_000
ELSEWHERE = b"https://elsewhere.example.net/api/"


def damaged(kind: str, answer: VendorResponse) -> VendorResponse:
    """Return a damaged answer of the named kind; `truncated` is left to the delivery, which alone can cut a body."""
    match kind:
        case "oversized":
            return VendorResponse(_oversized())
        case "invalid_json":
            return VendorResponse(b'[{"id": "CAS-89102", "summary": "CSV export of st')
        case "html":
            return VendorResponse(SIGN_IN_PAGE, media_type=b"text/html; charset=utf-8")
        case "empty":
            return VendorResponse(b"")
        case "deep":
            return VendorResponse(b"[" * DEPTH + b"]" * DEPTH)
        case "gzip_bomb":
            return VendorResponse(_gzip_bomb(), media_type=JSON, headers=((b"content-encoding", b"gzip"),))
        case "redirect":
            return VendorResponse(b"", 302, headers=((b"location", ELSEWHERE),))
    return answer


@cache
def _oversized() -> bytes:
    row = b'{"id":"CAS-89102","summary":"' + b"A long summary that says little. " * 30 + b'"}'
    return b"[" + b",".join([row] * (OVERSIZED_BYTES // len(row) + 1)) + b"]"


@cache
def _gzip_bomb() -> bytes:
    """Return an empty JSON array with more than 50 MiB of whitespace, compressed."""
    mebibyte = b" " * 1024 * 1024
    press = zlib.compressobj(wbits=31)
    pieces = [press.compress(b"[")]
    pieces += [press.compress(mebibyte) for _ in range(BOMB_MEBIBYTES)]
    return b"".join([*pieces, press.compress(b"]"), press.flush()])
