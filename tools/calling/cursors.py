"""The cursor that a model passes back unchanged: opaque, signed, bound to the account, the tool and its filters.

It contains a position in a list, for any kind of paging: the pager's state, the items to skip there, and the mark of
the page before.
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from tools.calling.sending.queries import as_json
from tools.pagination import Position
from tools.tokens import DIGIT

# The first byte of a cursor: the version of its format, and whether its position is compressed.
PLAIN, COMPRESSED = b"\x01", b"\x02"
DIGEST_BYTES = 12
MAX_CHARACTERS = 2000
# The most bytes of a position that keep the cursor within MAX_CHARACTERS, with room for digits and a mark.
MAX_PLACE_BYTES = MAX_CHARACTERS * 3 // 4 - 2 * DIGEST_BYTES - 1 - 40
SHORT = 200
# What a cursor must leave free of a result for at least one item, in hundredths of a token.
ROOM_FOR_ITEMS = 75_000
PAGING = frozenset({"limit", "next_cursor"})
# However well it compresses, since a vendor's servers would refuse a longer address.
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
    """The cursor was altered, or belongs to another call; the message, for a model, says which."""


def binding(account_id: UUID, tool: str, arguments: dict[str, Any], kind: str) -> bytes:
    """Return what a cursor is bound to: account, tool, kind of paging, and all arguments except those for paging."""
    filters = {name: value for name, value in arguments.items() if name not in PAGING}
    described = as_json([account_id, tool, kind, filters], orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(described, digest_size=DIGEST_BYTES).digest()


def seal(position: Position, bound_to: bytes) -> str:
    """Return the cursor for a position, for which `fits` must be true."""
    body = _packed(position) + bound_to
    return base64.urlsafe_b64encode(body + _signature(body)).decode()


def fits(position: Position) -> bool:
    """Return whether a position fits into a cursor."""
    if isinstance(position.state, int):
        return True
    place = orjson.dumps(position.state)
    return len(place) <= SHORT or (len(place) <= MAX_STATE_BYTES and len(_packed(position)) <= _most_place_bytes())


def _most_place_bytes() -> int:
    """Return the most bytes of a position: in a small budget, a long cursor would leave no room for an item."""
    spare = (settings.RESULT_TOKENS * 100 - ROOM_FOR_ITEMS) // DIGIT * 3 // 4
    return min(MAX_PLACE_BYTES, spare)


def unseal(cursor: str, bound_to: bytes) -> Position:
    """Return the position that a cursor contains, or raise CursorRefused."""
    try:
        raw = base64.b64decode(cursor[: MAX_CHARACTERS + 1], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, signature = raw[:-DIGEST_BYTES], raw[-DIGEST_BYTES:]
    # The signature comes first: nothing unsigned may be decompressed or parsed.
    if not hmac.compare_digest(signature, _signature(body)):
        raise CursorRefused(FOREIGN)
    form, place, bound = body[:1], body[1:-DIGEST_BYTES], body[-DIGEST_BYTES:]
    if form not in {PLAIN, COMPRESSED}:
        raise CursorRefused(FOREIGN)
    if bound != bound_to:
        raise CursorRefused(ELSEWHERE)
    skip, state, *seen = orjson.loads(zlib.decompress(place) if form == COMPRESSED else place)
    return Position(state, skip, *seen)


def _packed(position: Position) -> bytes:
    place = orjson.dumps([position.skip, position.state, *filter(None, [position.seen])])
    if len(place) > SHORT:
        pressed = zlib.compress(place, 9)
        if len(pressed) < len(place):
            return COMPRESSED + pressed
    return PLAIN + place


def _signature(body: bytes) -> bytes:
    key = _key_of(settings.TOKEN_KEY)
    return hashlib.blake2b(body, key=key, digest_size=DIGEST_BYTES, person=b"patchbay-cursor").digest()


@lru_cache(maxsize=4)
def _key_of(token_key: str) -> bytes:
    return hashlib.blake2b(token_key.encode()).digest()
