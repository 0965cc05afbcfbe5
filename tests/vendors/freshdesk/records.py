"""What all resources of the Freshdesk stand-in share: refusals, pages, records by id, bodies as JSON and as forms."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from tests.vendors.application import Answer, Request
from tests.vendors.freshdesk.data import CHOICES, WRITABLE, FreshdeskData
from tests.vendors.stand_in import Handler, Record, Refusal, StandIn

API = "/api/v2"
PAGED = frozenset({"page", "per_page"})
SEARCH_PAGE, SEARCH_PAGES = 30, 10
MOST_BYTES = 20 * 1024 * 1024


def refuse(field: str, message: str, code: str = "invalid_value", *, status: int = 400) -> Refusal:
    """Return the refusal of a value."""
    errors = [{"field": field, "message": message, "code": code}]
    return Refusal(Answer(status, {"description": "Validation failed", "errors": errors}))


class Records(StandIn):
    """Lists and records, with no route of its own."""

    def reset(self) -> None:
        """Fill the data anew."""
        super().reset()
        self.data = FreshdeskData()

    def page(self, request: Request, rows: Iterable[Record]) -> Answer:
        """Answer a page, with a Link header where there is another; nothing tells the total."""
        number, size = self._number(request, "page", 1), self._number(request, "per_page", 30)
        if size > 100:
            raise refuse("per_page", "It should be a Positive Integer less than or equal to 100")
        rows = list(rows)
        start = (number - 1) * size
        headers = {}
        if start + size < len(rows):
            kept = [(name, value) for name, value in request.parameters if name != "page"]
            address = f"http://{request.header_value('host')}{request.path}?{urlencode([*kept, ('page', number + 1)])}"
            headers["Link"] = f'<{address}>; rel="next"'
        return Answer(200, rows[start : start + size], headers)

    def found(self, kind: str) -> Handler:
        """Answer a search: numbered pages of 30, at most 10, with the total."""

        def answer(request: Request) -> Answer:
            query, number = request.one("query"), self._number(request, "page", 1)
            if len(query) > 514 or not (query.startswith('"') and query.endswith('"') and len(query) > 2):
                raise refuse("query", "Query should be given in double quotes")
            if number > SEARCH_PAGES:
                raise refuse("page", "It should be a Positive Integer less than or equal to 10")
            try:
                rows = self.data.search(kind, query[1:-1])
            except (ValueError, KeyError) as problem:
                raise refuse("query", f"Given query is invalid: {problem}") from None
            start = (number - 1) * SEARCH_PAGE
            return Answer(200, {"total": len(rows), "results": public(rows[start : start + SEARCH_PAGE])})

        return answer

    def _number(self, request: Request, name: str, usual: int) -> int:
        text = request.one(name, str(usual))
        if not text.isdigit() or int(text) < 1:
            raise refuse(name, "It should be a Positive Integer")
        return int(text)

    def listed(self, kind: str, **filters: Callable[[Record, str], bool]) -> Handler:
        """Answer a table, narrowed by what the query says."""

        def answer(request: Request) -> Answer:
            rows = list(self.data.tables[kind].values())
            for name, fits in filters.items():
                if wanted := request.one(name):
                    rows = [row for row in rows if fits(row, wanted)]
            return self.page(request, rows)

        return answer

    def find(self, kind: str, text: str) -> Record:
        """Return a record by the id in a path."""
        found = self.data.tables[kind].get(int(text)) if text.isdigit() else None
        if found is None:
            raise Refusal(Answer(404))
        return found

    def single(self, kind: str) -> Handler:
        """Answer one record."""
        return lambda request: Answer(200, self.find(kind, request.ids[0]))

    def given(self, request: Request, kind: str, *required: str) -> Record:
        """Return the members of a body; refuse unknown ones, wrong types, and where one is missing."""
        given = self._multipart(request, kind) if request.media_type == "multipart/form-data" else self._json(request)
        known = {**WRITABLE[kind], "attachments": list}
        for name, value in given.items():
            if name not in known:
                raise refuse(name, "Unexpected/invalid field in request", "invalid_field")
            wanted = known[name]
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                kind_name = getattr(wanted, "__name__", "value")
                raise refuse(
                    name,
                    f"Value set is of type {type(value).__name__}. It should be a/an {kind_name}",
                    "datatype_mismatch",
                )
            if name in CHOICES and kind == "tickets" and value not in CHOICES[name]:
                allowed = ",".join(map(str, sorted(CHOICES[name])))
                raise refuse(name, f"It should be one of these values: '{allowed}'")
        for name in required:
            if not given.get(name):
                raise refuse(name, "It should not be blank as this is a mandatory field", "missing_field")
        return given

    def _json(self, request: Request) -> Record:
        if request.media_type != "application/json":
            raise Refusal(Answer(415, {"code": "invalid_content_type", "message": "Content-Type is not supported"}))
        try:
            body = request.json()
        except ValueError:
            raise Refusal(
                Answer(400, {"code": "invalid_json", "message": "Request body has invalid json format"})
            ) from None
        return dict(body)

    def _multipart(self, request: Request, kind: str) -> Record:
        """Return the members of a form: name[] repeats in a list, and numbers come as text."""
        given: Record = {}
        total = 0
        for part in request.parts():
            name = str(part.get_param("name", header="content-disposition"))
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            filename = part.get_filename()
            total += len(content)
            value: Any = content.decode("utf-8", "replace")
            if filename is not None:
                value = {"id": self.data.next_id(), "name": filename, "size": len(content)}
                value |= {"content_type": part.get_content_type(), "_content": content}
            elif WRITABLE[kind].get(name) is int and value.isdigit():
                value = int(value)
            if name.endswith("[]"):
                given.setdefault(name.removesuffix("[]"), []).append(value)
            else:
                given[name] = value
        if total > MOST_BYTES:
            raise refuse(
                "attachments", "Total size of attachments should be less than or equal to 20 MB", "invalid_size"
            )
        return given

    def change(self, kind: str) -> Handler:
        def answer(request: Request) -> Answer:
            record = self.find(kind, request.ids[0])
            record.update(self.given(request, kind))
            return Answer(200, record)

        return answer


def same(name: str) -> Callable[[Record, str], bool]:
    return lambda row, wanted: str(row[name]) == wanted


def public(rows: list[Record]) -> list[Record]:
    return [without_own(row) for row in rows]


def without_own(body: Any) -> Any:
    """Leave out what is the stand-in's own, whose names begin with an underscore."""
    if isinstance(body, dict):
        return {name: without_own(value) for name, value in body.items() if not name.startswith("_")}
    return [without_own(item) for item in body] if isinstance(body, list) else body
