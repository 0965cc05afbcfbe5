"""The cursor that a model passes back unchanged: opaque, signed, bound to the account, the tool and its filters."""

import base64
import binascii
import hashlib
import hmac
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

SIGNATURE_BYTES = 12
POSITION_BYTES = 6


class CursorRefused(ValueError):
    """The cursor was changed, or belongs to another call; the message says which, for a model."""


def binding(account_id: UUID, tool: str, arguments: dict[str, Any]) -> bytes:
    """Return what a cursor is bound to: account, tool and all arguments but the paging ones."""
    filters = {name: value for name, value in arguments.items() if name not in {"limit", "next_cursor"}}
    described = orjson.dumps([str(account_id), tool, filters], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(described, digest_size=SIGNATURE_BYTES).digest()


def seal(position: int, bound_to: bytes) -> str:
    """Return the cursor for a position."""
    body = position.to_bytes(POSITION_BYTES, "big") + bound_to
    return base64.urlsafe_b64encode(body + _signature(body)).decode()


def unseal(cursor: str, bound_to: bytes) -> int:
    """Return the position that a cursor stands for; raise CursorRefused."""
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    whole = len(body) == POSITION_BYTES + SIGNATURE_BYTES
    if not whole or not hmac.compare_digest(signature, _signature(body)):
        raise CursorRefused(
            "next_cursor is not one that this server gave out. Pass back the next_cursor of the last answer "
            "unchanged, or leave it out to start from the first page."
        )
    if body[POSITION_BYTES:] != bound_to:
        raise CursorRefused(
            "next_cursor belongs to a call of another tool or with other filters. Repeat the call with the very "
            "arguments that gave this cursor, or leave next_cursor out to start from the first page."
        )
    return int.from_bytes(body[:POSITION_BYTES], "big")


def _signature(body: bytes) -> bytes:
    key = hashlib.blake2b(settings.TOKEN_KEY.encode()).digest()
    return hashlib.blake2b(body, key=key, digest_size=SIGNATURE_BYTES, person=b"patchbay-cursor").digest()
