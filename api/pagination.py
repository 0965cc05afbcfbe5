"""Pagination of the management API: pages cut in the database, as `{"result": […], "next_cursor": …}`."""

from typing import Any

from django.core import signing
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

LIMIT = "limit"
CURSOR = "next_cursor"
# A position is a time or a name, and a number; sealed, the longest takes about 500 characters.
MAX_CURSOR = 2000


class CursorUnknown(ValueError):
    """A cursor was not issued by this list; the message is for the client."""

    def __str__(self) -> str:
        return "Is not one that this list gave out. Pass it back unchanged, or leave it out to start again."


class CursorPages(CursorPagination):
    """Pages, newest first. Cursors are signed and bound to their list, so a made-up one never reaches the database."""

    request: Request  # set by DRF for each page
    ordering: str | list[str] | tuple[str, ...] = ("-created_at", "pk")
    page_size = 50
    max_page_size = 200
    page_size_query_param = LIMIT
    page_size_query_description = "How many items to return at most, 1 to 200."
    cursor_query_param = CURSOR
    cursor_query_description = "For the next page: the next_cursor of the previous page, passed back unchanged."

    def get_page_size(self, request: Request) -> int:
        """Return `limit`; refuse one out of bounds, which DRF would silently replace."""
        given = request.query_params.get(LIMIT)
        if given is None:
            return self.page_size
        # `isdigit` also accepts digits of other scripts, and `int` refuses some of them.
        whole = given.isascii() and given.isdigit() and len(given) < 10
        if not (whole and 1 <= int(given) <= self.max_page_size):
            raise ValidationError({LIMIT: f"Takes a whole number from 1 to {self.max_page_size}."})
        return int(given)

    def encode_cursor(self, cursor: Any) -> str:
        """Return a signed cursor; DRF's own is an unsigned URL."""
        return sealed([cursor.offset, cursor.reverse, cursor.position], self.request)

    def decode_cursor(self, request: Request) -> Any:
        """Return the cursor's position, or None for the first page; raise ValidationError."""
        given = request.query_params.get(CURSOR)
        if given is None:
            return None
        try:
            offset, reverse, position = opened(given, request)
        except CursorUnknown as unknown:
            raise ValidationError({CURSOR: str(unknown)}) from None
        return Cursor(offset=offset, reverse=reverse, position=position)

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page; `next_cursor` is null on the last one."""
        return Response({"result": data, CURSOR: self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page for the OpenAPI document."""
        return {
            "type": "object",
            "required": ["result", CURSOR],
            "properties": {
                "result": schema,
                CURSOR: {"type": ["string", "null"], "description": "Null on the last page."},
            },
        }


def sealed(place: Any, request: Request) -> str:
    """Return the signed cursor for a position in the list at the request's path."""
    return signing.dumps(place, salt=_salt(request), compress=True)


def opened(cursor: str, request: Request) -> Any:
    """Return the position of a cursor; raise CursorUnknown if the list did not issue it."""
    if len(cursor) > MAX_CURSOR:
        raise CursorUnknown
    try:
        # The signature is checked before anything is decoded or decompressed.
        return signing.loads(cursor, salt=_salt(request))
    except signing.BadSignature:
        raise CursorUnknown from None


def _salt(request: Request) -> str:
    return f"cursor:{request.path.rstrip('/')}"
