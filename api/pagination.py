"""Lists of the management API: pages cut in the database, told as `{"result": […], "next_cursor": …}`."""

from typing import Any

from django.core import signing
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

LIMIT = "limit"
CURSOR = "next_cursor"
# A position is a moment or a name, and a number; sealed, the longest takes about 500 characters.
MAX_CURSOR = 2000


class CursorUnknown(ValueError):
    """A cursor is not one that the list gave out."""

    def __str__(self) -> str:
        return "Is not one that this list gave out. Pass it back unchanged, or leave it out to start again."


class CursorPages(CursorPagination):
    """Newest first. A cursor is signed and bound to its list, so that a made-up one never reaches the database."""

    request: Request  # DRF sets it with each page
    ordering: str | list[str] | tuple[str, ...] = ("-created_at", "pk")
    page_size = 50
    max_page_size = 200
    page_size_query_param = LIMIT
    page_size_query_description = "How many items to return at most, 1 to 200."
    cursor_query_param = CURSOR
    cursor_query_description = "For the next page: the next_cursor of the page before, passed back unchanged."

    def get_page_size(self, request: Request) -> int:
        """Return `limit`; refuse one that is out of bounds, instead of silently taking another."""
        given = request.query_params.get(LIMIT)
        if given is None:
            return self.page_size
        whole = given.isascii() and given.isdigit() and len(given) < 10
        if not (whole and 1 <= int(given) <= self.max_page_size):
            raise ValidationError({LIMIT: f"Takes a whole number from 1 to {self.max_page_size}."})
        return int(given)

    def encode_cursor(self, cursor: Any) -> str:
        """Return the text that stands for a position."""
        return sealed([cursor.offset, cursor.reverse, cursor.position], self.request)

    def decode_cursor(self, request: Request) -> Any:
        """Return the position that a cursor stands for, None for the first page; raise ValidationError."""
        given = request.query_params.get(CURSOR)
        if given is None:
            return None
        try:
            offset, reverse, position = opened(given, request)
        except CursorUnknown as unknown:
            raise ValidationError({CURSOR: str(unknown)}) from None
        return Cursor(offset=offset, reverse=reverse, position=position)

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page; `next_cursor` is null on the last."""
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
    """Return the cursor that stands for a place in the list of a request."""
    return signing.dumps(place, salt=_salt(request), compress=True)


def opened(cursor: str, request: Request) -> Any:
    """Return the place that a cursor stands for; raise CursorUnknown for one that the list did not give out."""
    if len(cursor) > MAX_CURSOR:
        raise CursorUnknown
    try:
        # The signature is checked before anything is decoded or decompressed.
        return signing.loads(cursor, salt=_salt(request))
    except signing.BadSignature:
        raise CursorUnknown from None


def _salt(request: Request) -> str:
    return f"cursor:{request.path.rstrip('/')}"
