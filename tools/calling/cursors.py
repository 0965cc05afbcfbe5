"""The cursor that a model passes back unchanged: opaque, signed, bound to the account, the tool and its filters.

It carries a place in a list, whatever the vendor's kind of paging: the pager's state, and the items to skip there.
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from tools.pagination import Position

# The first byte of a cursor: this form of it, and whether its place is compressed.
PLAIN, COMPRESSED = b"\x01", b"\x02"
DIGEST_BYTES = 12
MAX_CHARACTERS = 2000
# What a place may take, so that the cursor stays below its most characters, with room for the digits of `skip`.
MAX_PLACE_BYTES = MAX_CHARACTERS * 3 // 4 - 2 * DIGEST_BYTES - 1 - 25
SHORT = 200
# Characters of a result that are kept for what surrounds the cursor, one item at least.
ROOM_FOR_ITEMS = 1500
PAGING = frozenset({"limit", "next_cursor"})
# However well it compresses: a longer address would not pass a vendor's front door.
MAX_STATE_BYTES = 16 * 1024

FOREIGN = (
    "next_cursor is not one that this server gave out. Pass back the next_cursor of the last answer unchanged, or "
    "leave it out to start from the first page."
)
ELSEWHERE = (
    "next_cursor belongs to a call of another tool or with other filters. Repeat the call with the very arguments that "
    "gave this cursor, or leave next_cursor out to start from the first page."
)


class CursorRefused(ValueError):
    """The cursor was changed, or belongs to another call; the message says which, for a model."""


def binding(account_id: UUID, tool: str, arguments: dict[str, Any], kind: str) -> bytes:
    """Return what a cursor is bound to: account, tool, kind of paging, and all arguments but the paging ones."""
    filters = {name: value for name, value in arguments.items() if name not in PAGING}
    described = orjson.dumps([account_id, tool, kind, filters], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(described, digest_size=DIGEST_BYTES).digest()


def seal(position: Position, bound_to: bytes) -> str:
    """Return the cursor for a position, which must fit."""
    body = _packed(position) + bound_to
    return base64.urlsafe_b64encode(body + _signature(body)).decode()


def fits(position: Position) -> bool:
    """Tell whether a position can travel in a cursor."""
    if isinstance(position.state, int):
        return True
    place = orjson.dumps(position.state)
    return len(place) <= SHORT or (len(place) <= MAX_STATE_BYTES and len(_packed(position)) <= _most_place_bytes())


def _most_place_bytes() -> int:
    """Return what a place may take: within a small budget, a long cursor would leave no room for an item."""
    spare = (settings.RESULT_BUDGET - ROOM_FOR_ITEMS) * 3 // 4
    return min(MAX_PLACE_BYTES, spare)


def unseal(cursor: str, bound_to: bytes) -> Position:
    """Return the position that a cursor stands for; raise CursorRefused."""
    try:
        raw = base64.b64decode(cursor[: MAX_CHARACTERS + 1], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, signature = raw[:-DIGEST_BYTES], raw[-DIGEST_BYTES:]
    if not hmac.compare_digest(signature, _signature(body)):
        raise CursorRefused(FOREIGN)
    form, place, bound = body[:1], body[1:-DIGEST_BYTES], body[-DIGEST_BYTES:]
    if form not in {PLAIN, COMPRESSED}:
        raise CursorRefused(FOREIGN)
    if bound != bound_to:
        raise CursorRefused(ELSEWHERE)
    skip, state = orjson.loads(zlib.decompress(place) if form == COMPRESSED else place)
    return Position(state, skip)


def _packed(position: Position) -> bytes:
    place = orjson.dumps([position.skip, position.state])
    if len(place) > SHORT:
        pressed = zlib.compress(place, 9)
        if len(pressed) < len(place):
            return COMPRESSED + pressed
    return PLAIN + place


def _signature(body: bytes) -> bytes:
    key = hashlib.blake2b(settings.TOKEN_KEY.encode()).digest()
    return hashlib.blake2b(body, key=key, digest_size=DIGEST_BYTES, person=b"patchbay-cursor").digest()
