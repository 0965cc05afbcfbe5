"""What all resources of the Intercom stand-in share: refusals, pages, searches, records by id."""

import operator
from collections.abc import Callable, Iterable
from typing import Any

from tests.vendors.application import Answer, Request
from tests.vendors.intercom.data import IntercomData
from tests.vendors.stand_in import Handler, Record, Refusal, StandIn, unknown

CURSORS, NUMBERS = frozenset({"per_page", "starting_after"}), frozenset({"page", "per_page"})
MOST = 150
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "IN": lambda told, wanted: told in wanted,
    "NIN": lambda told, wanted: told not in wanted,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "~": lambda told, wanted: wanted.lower() in str(told).lower(),
    "!~": lambda told, wanted: wanted.lower() not in str(told).lower(),
    "^": lambda told, wanted: str(told).lower().startswith(wanted.lower()),
    "$": lambda told, wanted: str(told).lower().endswith(wanted.lower()),
}


def refuse(status: int, code: str, message: str) -> Refusal:
    """Return a refusal in Intercom's form."""
    errors = [{"code": code, "message": message}]
    return Refusal(Answer(status, {"type": "error.list", "request_id": "b1", "errors": errors}))


class Records(StandIn):
    """Lists and records, with no route of its own."""

    def reset(self) -> None:
        """Fill the data anew."""
        super().reset()
        self.data = IntercomData()

    def cursors(self, name: str, kind: str, rows: Iterable[Record], per_page: Any, after: Any) -> Answer:
        """Answer a page by cursor; the last one names no next page."""
        rows = list(rows)
        size, start = self._number("per_page", per_page or 20, MOST), int(str(after or "c0").removeprefix("c"))
        pages: Record = {
            "type": "pages",
            "page": start // size + 1,
            "per_page": size,
            "total_pages": -(-len(rows) // size),
        }
        if start + size < len(rows):
            pages["next"] = {"per_page": size, "starting_after": f"c{start + size}"}
        return Answer(200, {"type": kind, name: rows[start : start + size], "total_count": len(rows), "pages": pages})

    def numbered(self, request: Request, rows: Iterable[Record], *, most: int = 50, usual: int = 25) -> Answer:
        """Answer a numbered page."""
        rows = list(rows)
        number = self._number("page", request.one("page", "1"), 10_000)
        size = self._number("per_page", request.one("per_page", str(usual)), most)
        start, total = (number - 1) * size, -(-len(rows) // size)
        pages = {"type": "pages", "next": None, "page": number, "per_page": size, "total_pages": total}
        return Answer(
            200, {"type": "list", "data": rows[start : start + size], "total_count": len(rows), "pages": pages}
        )

    def _number(self, name: str, given: Any, most: int) -> int:
        try:
            number = int(given)
        except (TypeError, ValueError):
            number = 0
        if not 1 <= number <= most:
            raise refuse(400, "parameter_invalid", f"{name} must be between 1 and {most}")
        return number

    def search(self, kind: str, name: str, answer_type: str) -> Handler:
        """Answer a search: conditions and paging stand in the body."""

        def answer(request: Request) -> Answer:
            body = self.body(request, {"query", "pagination"}, "query")
            rows = [row for row in self.data.tables[kind].values() if self._fits(kind, row, body["query"])]
            paging = body.get("pagination", {})
            if unknown(paging, CURSORS):
                raise refuse(400, "parameter_invalid", "pagination is invalid")
            return self.cursors(name, answer_type, rows, paging.get("per_page"), paging.get("starting_after"))

        return answer

    def _fits(self, kind: str, row: Record, query: Any) -> bool:
        if not isinstance(query, dict) or unknown(query, {"field", "operator", "value"}):
            raise refuse(400, "invalid_query", "The query is not valid")
        if query.get("operator") in {"AND", "OR"}:
            held = [self._fits(kind, row, each) for each in query.get("value", [])]
            return all(held) if query["operator"] == "AND" else any(held)
        field, compare = str(query.get("field")), COMPARISONS.get(str(query.get("operator")))
        told = self.data.searchable(kind, row)
        if compare is None:
            raise refuse(400, "invalid_operator", f"{query.get('operator')} is not a valid operator")
        if field not in told:
            raise refuse(400, "invalid_field", f"{field} is not a valid search field")
        takes_list = query["operator"] in {"IN", "NIN"}
        if takes_list is not isinstance(query.get("value"), list):
            raise refuse(400, "invalid_value", "IN and NIN take a list, and the others a single value")
        values = told[field] if isinstance(told[field], list) else [told[field]]
        wanted = query.get("value")
        return any(value is not None and compare(value, wanted) for value in values)

    def find(self, kind: str, text: str) -> Record:
        """Return a record by the id in a path."""
        found = self.data.tables[kind].get(text)
        if found is None:
            raise refuse(404, "not_found", "Resource Not Found")
        return found

    def body(self, request: Request, known: Iterable[str], *required: str) -> Record:
        """Return a JSON body; refuse what is no member of it, and where one is missing."""
        if request.media_type != "application/json":
            raise refuse(415, "media_type_not_acceptable", "The body has to be JSON")
        try:
            body = request.json()
        except ValueError:
            raise refuse(400, "bad_request", "The body is not JSON") from None
        strange = unknown(body, known)
        if strange:
            raise refuse(400, "parameter_invalid", f"Unknown member: {strange[0]}")
        missing = [name for name in required if not body.get(name)]
        if missing:
            raise refuse(400, "parameter_not_found", f"{missing[0]} not specified")
        return dict(body)

    def acting(self, body: Record) -> Record:
        """Return the admin who acts."""
        admin = self.data.tables["admins"].get(str(body.get("admin_id")))
        if admin is None:
            raise refuse(404, "admin_not_found", "Admin for admin_id not found")
        return admin

    def single(self, kind: str) -> Handler:
        """Answer one record."""
        return lambda request: Answer(200, self.find(kind, request.ids[0]))

    def whole(self, kind: str, name: str, answer_type: str) -> Handler:
        """Answer a table at once."""
        return lambda _: Answer(200, {"type": answer_type, name: list(self.data.tables[kind].values())})
