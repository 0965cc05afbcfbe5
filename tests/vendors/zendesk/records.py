"""What all resources of the Zendesk stand-in share: refusals, pages, records by id, bodies with a root member."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

from tests.vendors.application import Answer, Request
from tests.vendors.stand_in import Handler, Record, Refusal, StandIn, unknown
from tests.vendors.zendesk.data import SORTABLE, WRITABLE, ZendeskData

API = "/api/v2"
PER_PAGE = frozenset({"page", "per_page"})
CURSOR = frozenset({"page[size]", "page[after]"})


def refuse(status: int, error: Any, description: str = "", **more: Any) -> Refusal:
    """Return a refusal in Zendesk's usual form."""
    body = {"error": error, **({"description": description} if description else {}), **more}
    return Refusal(Answer(status, body))


class Records(StandIn):
    """Lists and records, with no route of its own."""

    def reset(self) -> None:
        """Fill the data anew."""
        super().reset()
        self.data = ZendeskData()

    def cursors(self, request: Request, name: str, rows: list[Record], *, most: int = 100) -> Answer:
        """Answer a page by cursor: of at most 100, with meta and links; without page[size] there is no such page."""
        try:
            size = int(request.one("page[size]"))
            start = json.loads(base64.urlsafe_b64decode(request.one("page[after]") or "MA=="))
        except ValueError:
            raise refuse(400, {"title": "Invalid attribute", "message": "page is not valid"}) from None
        if not 1 <= size <= most:
            raise refuse(400, {"title": "Invalid attribute", "message": f"page[size] must be 1 to {most}"})
        shown, after = rows[start : start + size], start + size
        cursor = base64.urlsafe_b64encode(json.dumps(after).encode()).decode()
        more = after < len(rows)
        # As Zendesk does: a last page that holds something has a cursor too, and only has_more tells.
        meta = {"has_more": more, "after_cursor": cursor if shown else None, "before_cursor": None}
        host = request.header_value("host")
        following = urlencode({"page[after]": cursor, "page[size]": size})
        links = {"prev": None, "next": f"http://{host}{request.path}?{following}" if more else None}
        return Answer(200, {name: shown, "meta": meta, "links": links})

    def numbered(self, request: Request, name: str, rows: list[Record], *, most: int = 0) -> Answer:
        """Answer a numbered page, with the count of all."""
        try:
            number, size = int(request.one("page", "1")), int(request.one("per_page", "100"))
        except ValueError:
            raise refuse(400, {"title": "Invalid attribute", "message": "page is not valid"}) from None
        if number < 1 or not 1 <= size <= 100:
            raise refuse(400, {"title": "Invalid attribute", "message": "page is not valid"})
        if most and (number - 1) * size >= most:
            raise refuse(
                422, "invalid", "Invalid search: Requested response size was greater than Search Response Limits"
            )
        start = (number - 1) * size
        following = f"http://{request.header_value('host')}{request.path}?page={number + 1}"
        more = start + size < len(rows)
        body = {name: rows[start : start + size], "count": len(rows), "next_page": following if more else None}
        return Answer(200, {**body, "previous_page": None})

    def in_order(self, request: Request, kind: str, rows: list[Record]) -> list[Record]:
        sort = request.one("sort", "id")
        field = sort.removeprefix("-")
        if field not in SORTABLE[kind]:
            raise refuse(400, {"title": "Invalid attribute", "message": f"sort is not valid: {sort}"})
        return sorted(rows, key=lambda row: row[field], reverse=sort.startswith("-"))

    def find(self, kind: str, text: str) -> Record:
        """Return a record by the id in a path."""
        if not text.isdigit():
            words = "You passed an invalid value for the id attribute. Invalid parameter: id must be an integer"
            raise refuse(400, {"title": "Invalid attribute", "message": words})
        found = self.data.tables[kind].get(int(text))
        if found is None:
            raise refuse(404, "RecordNotFound", "Not found")
        return found

    def given(self, request: Request, root: str, kind: str) -> Record:
        """Return the object below the root member of a JSON body; refuse what is no member of it."""
        body = self.json_body(request, {root})
        if not isinstance(body.get(root), dict):
            raise refuse(400, "InvalidValue", f"Parameter {root} is required")
        strange = unknown(body[root], WRITABLE[kind])
        if strange:
            raise refuse(422, "RecordInvalid", "Record validation errors", details=wrong(strange[0], "is not a member"))
        return dict(body[root])

    def json_body(self, request: Request, known: set[str]) -> Record:
        if request.media_type != "application/json":
            raise refuse(415, "UnsupportedMediaType", "The body has to be JSON")
        try:
            body = request.json()
        except ValueError:
            raise refuse(400, "InvalidJSON", "The body is not JSON") from None
        strange = unknown(body, known) if isinstance(body, dict) else ["body"]
        if strange:
            raise refuse(400, "InvalidValue", f"Unknown member: {strange[0]}")
        return dict(body)

    def plain_list(self, kind: str, *filters: str) -> Handler:
        def answer(request: Request) -> Answer:
            rows = list(self.data.tables[kind].values())
            for name in filters:
                if wanted := request.one(name):
                    rows = [row for row in rows if _as_text(row.get(name)) == wanted]
            return self.cursors(request, kind, rows)

        return answer

    def single(self, kind: str, root: str) -> Handler:
        return lambda request: Answer(200, {root: self.find(kind, request.ids[0])})


def wrong(name: str, description: str) -> dict[str, list[dict[str, str]]]:
    return {name: [{"type": "invalid", "description": description}]}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
