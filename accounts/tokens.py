"""Mint, recognise, digest and redact bearer tokens. A token is shown once; only its digest is stored.

A token is `PREFIX_` + 43 base62 characters (256 bits) + 6 base62 characters of CRC-32 over what precedes them.
The prefix makes it recognisable to secret scanners; the checksum rejects mistyped and made-up tokens without a query.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings

MCP_PREFIX = "pbmcp"
API_PREFIX = "pbapi"
INVITATION_PREFIX = "pbinv"
ACCESS_PREFIX = "pbacc"
REFRESH_PREFIX = "pbref"
PASSWORD_PREFIX = "pbpwd"

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 43  # 62 ** 43 > 2 ** 256
CHECKSUM_LENGTH = 6  # 62 ** 6 > 2 ** 32

# A token anywhere in a text, whole or cut short, and whatever follows /mcp/ or /invitations/ in a path.
# No word boundary before the prefix: in a quoted URL it follows the letter of %2F.
_IN_TEXT = re.compile(r"(pbmcp|pbapi|pbinv|pbacc|pbref|pbpwd)_[0-9A-Za-z]{4,}")
_SIGNS = ("pbmcp_", "pbapi_", "pbinv_", "pbacc_", "pbref_", "pbpwd_", "/mcp/", "/invitations/")
_IN_PATH = re.compile(r"(/mcp/|/invitations/)[^/\s?#\"']+")


@dataclass(frozen=True)
class MintedToken:
    """A new token: `value` to show once, `digest` and `last_four` to store."""

    value: str = field(repr=False)
    digest: bytes = field(repr=False)
    last_four: str


def mint(prefix: str) -> MintedToken:
    """Create a token from 256 random bits."""
    body = f"{prefix}_{_base62(secrets.randbits(256), SECRET_LENGTH)}"
    value = body + _checksum(body)
    return MintedToken(value=value, digest=digest(value), last_four=value[-4:])


def is_well_formed(token: str, prefix: str) -> bool:
    """Return whether a text has the prefix, length and checksum of such a token."""
    body, checksum = token[:-CHECKSUM_LENGTH], token[-CHECKSUM_LENGTH:]
    length = len(prefix) + 1 + SECRET_LENGTH + CHECKSUM_LENGTH
    return len(token) == length and token.isascii() and body.startswith(f"{prefix}_") and _checksum(body) == checksum


def digest(token: str) -> bytes:
    """Return the HMAC-SHA256 of a token under TOKEN_KEY (32 bytes), which is stored in its place."""
    mac = _keyed(settings.TOKEN_KEY).copy()
    mac.update(token.encode())
    return mac.digest()


@lru_cache(maxsize=4)
def _keyed(key: str) -> hmac.HMAC:
    # Cached, because setting up the keyed state costs more than the digest; copying it is cheap.
    return hmac.new(key.encode(), digestmod=hashlib.sha256)


def redact(text: str) -> str:
    """Replace every token in a text by its prefix."""
    # A cheap test first, because every log line comes through here.
    if not any(sign in text for sign in _SIGNS):
        return text
    return _IN_TEXT.sub(r"\1_…", _IN_PATH.sub(r"\1…", text))


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, remainder = divmod(number, 62)
        digits.append(ALPHABET[remainder])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)
