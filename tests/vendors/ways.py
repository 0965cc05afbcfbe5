"""A vendor of one list that pages it in every way that public APIs document, each under a path of its own.

The description and the answers are made from the same table, and know nothing of the product.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.vendors.application import Answer, Request

ITEMS = [{"id": str(number + 1), "name": f"Thing {number}"} for number in range(23)]
BASE_PATH = "/api"
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
TRUTH: dict[str, Any] = {"type": "boolean"}
LIST = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT, "name": TEXT}}}
# An address that only the vendor's own network knows.
INSIDE = "http://backend.internal:8080"


def an_object(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties}


@dataclass(frozen=True)
class Part:
    """What a request asked for: items from `start` on, and where the next ones begin; None if these are the last."""

    start: int
    size: int
    request: Request

    @property
    def rows(self) -> list[Any]:
        return ITEMS[self.start : self.start + self.size]

    @property
    def after(self) -> int | None:
        return self.start + self.size if self.start + self.size < len(ITEMS) else None

    @property
    def number(self) -> int:
        return self.start // self.size + 1

    @property
    def pages(self) -> int:
        return -(-len(ITEMS) // self.size)

    def cursor(self) -> str | None:
        """Return the cursor of what follows."""
        return f"at {self.after}" if self.after else None

    def link(self, base: str = "", **changed: Any) -> str | None:
        """Return the address of what follows."""
        query = urlencode({**dict(self.request.parameters), **changed})
        return f"{base}?{query}" if self.after else None


@dataclass(frozen=True)
class Way:
    """A way of paging: its parameters, the members around its list, and what it answers.

    `asks` says how a request names where it begins: `cursor`, `offset` or `page`, by which parameter and, for numbers,
    from which number on. `shown` are the arguments that a tool keeps; `total` says whether the answer has the total.
    """

    asks: tuple[str, str, int]
    size: str
    parameters: dict[str, Any]
    schema: Any
    answer: Callable[[Part], Any]
    headers: Callable[[Part], dict[str, str | None]] = lambda part: {}
    documented_headers: tuple[str, ...] = ()
    descriptions: dict[str, str] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    has_total: bool = False

    def part(self, request: Request) -> Part:
        """Return the part of the list that a request asks for."""
        asked = dict(request.parameters)
        size = int(asked.get(self.size, 10))
        kind, name, first = self.asks
        given = asked.get(name, "")
        if kind == "cursor":
            return Part(int(given.removeprefix("at ") or 0), size, request)
        number = int(given or first) - first
        return Part(number * size if kind == "page" else number, size, request)


def _cursor(name: str, size: str, schema: Any, answer: Callable[[Part], Any], **more: Any) -> Way:
    return Way(("cursor", name, 0), size, {name: TEXT, size: NUMBER}, schema, answer, **more)


def _page(name: str, size: str, schema: Any, answer: Callable[[Part], Any], **more: Any) -> Way:
    return Way(("page", name, more.pop("first", 1)), size, {name: NUMBER, size: NUMBER}, schema, answer, **more)


def _offset(name: str, size: str, schema: Any, answer: Callable[[Part], Any], **more: Any) -> Way:
    return Way(("offset", name, more.pop("first", 0)), size, {name: NUMBER, size: NUMBER}, schema, answer, **more)


WAYS: dict[str, Way] = {
    "path_and_has_more": Way(
        ("cursor", "cursor", 0), "limit", {"limit": NUMBER},
        an_object(object=TEXT, has_more=TRUTH, next={**TEXT, "description": "Path to the next page"}, data=LIST),
        lambda part: {"object": "list", "has_more": bool(part.after), "data": part.rows,
                      "next": part.link("/path_and_has_more", cursor=part.cursor())},
    ),
    "described_header": _cursor(
        "cursor", "per_page", LIST, lambda part: part.rows, headers=lambda part: {"X-Files-Cursor": part.cursor()},
        descriptions={"cursor": "Get a cursor from the X-Files-Cursor header"},
    ),
    "documented_header": _cursor(
        "cursor", "limit", LIST, lambda part: part.rows,
        headers=lambda part: {"X-Next-Cursor": part.cursor(), "X-Total-Count": str(len(ITEMS))},
        documented_headers=("X-Next-Cursor", "X-Total-Count"), has_total=True,
    ),
    "next_page_header": _page(
        "page", "per_page", LIST, lambda part: part.rows,
        headers=lambda part: {"X-Next-Page": str(part.number + 1) if part.after else "", "X-Total": str(len(ITEMS))},
        documented_headers=("X-Next-Page", "X-Prev-Page", "X-Total"), has_total=True,
    ),
    "counts_called_results": _page(
        "page", "page_size", an_object(data=LIST, page=NUMBER, pages=NUMBER, results=NUMBER),
        lambda part: {"data": part.rows, "page": part.number, "pages": part.pages, "results": len(ITEMS)},
        has_total=True,
    ),
    "additional_data": _offset(
        "start", "limit",
        an_object(success=TRUTH, data=LIST, additional_data=an_object(pagination=an_object(
            start=NUMBER, limit=NUMBER, more_items_in_collection=TRUTH, next_start=NUMBER))),
        lambda part: {"success": True, "data": part.rows, "additional_data": {"pagination": {
            "start": part.start, "limit": part.size, "more_items_in_collection": bool(part.after),
            **({"next_start": part.after} if part.after else {})}}},
    ),
    "deep_cursor": _cursor(
        "cursor", "limit", an_object(data=LIST, meta=an_object(pagination=an_object(next=an_object(cursor=TEXT)))),
        lambda part: {"data": part.rows, "meta": {"pagination": {"next": {"cursor": part.cursor()}}}},
    ),
    "json_api": Way(
        ("cursor", "page[after]", 0), "page[size]", {"page[size]": TEXT, "page[after]": TEXT},
        an_object(data=LIST, links=an_object(prev=TEXT, next={**TEXT, "format": "uri"}, last=TEXT)),
        lambda part: {"data": part.rows, "links": {"prev": "x", "last": "y", "next": part.link(
            "https://api.example/api/json_api", **{"page[after]": part.cursor()})}},
    ),
    "odata": Way(
        ("offset", "$skip", 0), "$top", {"$top": NUMBER, "$skip": NUMBER},
        an_object(value=LIST, **{"@odata.nextLink": TEXT, "@odata.count": NUMBER}),
        lambda part: {"value": part.rows, "@odata.count": len(ITEMS),
                      **({"@odata.nextLink": part.link("", **{"$skip": part.after})} if part.after else {})},
        has_total=True, shown=("skip",),
    ),
    "after": _cursor(
        "after", "limit", an_object(results=LIST, paging=an_object(next=an_object(after=TEXT, link=TEXT))),
        lambda part: {"results": part.rows, **({"paging": {"next": {"after": part.cursor(), "link": "z"}}}
                                               if part.after else {})},
    ),
    "response_metadata": _cursor(
        "cursor", "limit", an_object(ok=TRUTH, members=LIST, response_metadata=an_object(next_cursor=TEXT)),
        lambda part: {"ok": True, "members": part.rows, "response_metadata": {"next_cursor": part.cursor() or ""}},
    ),
    "page_token": _cursor(
        "pageToken", "pageSize", an_object(items=LIST, nextPageToken=TEXT, resultSizeEstimate=NUMBER),
        lambda part: {"items": part.rows, **({"nextPageToken": part.cursor()} if part.after else {})},
    ),
    "cursor_in_a_link": _cursor(
        "cursor", "limit", an_object(results=LIST, next_cursor=TEXT, total=NUMBER),
        lambda part: {"results": part.rows, "total": len(ITEMS), "next_cursor": part.link("/x", cursor=part.cursor())},
        has_total=True,
    ),
    "two_ways": Way(
        ("offset", "offset", 0), "limit", {"page": NUMBER, "page_size": NUMBER, "limit": NUMBER, "offset": NUMBER},
        LIST, lambda part: part.rows, shown=("page", "page_size"),
    ),
    "cursor_or_page": Way(
        ("cursor", "cursor", 0), "limit", {"page": NUMBER, "limit": NUMBER, "cursor": TEXT},
        an_object(data=LIST, next_cursor=TEXT), lambda part: {"data": part.rows, "next_cursor": part.cursor()},
        shown=("page",),
    ),
    "count_next_previous": _page(
        "page", "page_size", an_object(count=NUMBER, next={**TEXT, "format": "uri"}, previous=TEXT, results=LIST),
        lambda part: {"count": len(ITEMS), "previous": None, "results": part.rows,
                      "next": part.link(INSIDE, page=part.number + 1)},
        has_total=True,
    ),
    "zero_based": Way(
        ("page", "page", 0), "size", {"page": {**NUMBER, "minimum": 0}, "size": NUMBER},
        an_object(content=LIST, last=TRUTH, totalElements=NUMBER, totalPages=NUMBER, number=NUMBER, size=NUMBER),
        lambda part: {"content": part.rows, "last": not part.after, "totalElements": len(ITEMS),
                      "totalPages": part.pages, "number": part.number - 1, "size": part.size},
        has_total=True,
    ),
    "one_based_offset": Way(
        ("offset", "startIndex", 1), "count", {"startIndex": {**NUMBER, "default": 1}, "count": NUMBER},
        an_object(Resources=LIST, totalResults=NUMBER, startIndex=NUMBER, itemsPerPage=NUMBER),
        lambda part: {"Resources": part.rows, "totalResults": len(ITEMS), "startIndex": part.start + 1},
        has_total=True,
    ),
    "is_last": _offset(
        "startAt", "maxResults", an_object(values=LIST, isLast=TRUTH, total=NUMBER, nextPage=TEXT),
        lambda part: {"values": part.rows, "isLast": not part.after, "total": len(ITEMS)}, has_total=True,
    ),
    "sizes": Way(
        ("page", "page", 1), "per_page", {"page": NUMBER, "per_page": {**NUMBER, "enum": [5, 20, 50]}},
        an_object(data=LIST, total=NUMBER), lambda part: {"data": part.rows, "total": len(ITEMS)}, has_total=True,
    ),
    "inside_link": _page(
        "page", "per_page", LIST, lambda part: part.rows, documented_headers=("Link",),
        headers=lambda part: {"Link": f'<{part.link(f"{INSIDE}/inside_link", page=part.number + 1)}>; rel="next"'
                              if part.after else None},
    ),
    "bare": _page("page", "per_page", LIST, lambda part: part.rows),
}  # fmt: skip


def description(address: str) -> str:
    """Return the OpenAPI description of every way; the vendor is at an address."""
    paths = {f"/{name}": {"get": _operation(name, way)} for name, way in WAYS.items()}
    server = {"url": f"{address}{BASE_PATH}"}
    return json.dumps({"openapi": "3.0.3", "info": {"title": "Ways"}, "servers": [server], "paths": paths})


def _operation(name: str, way: Way) -> dict[str, Any]:
    parameters = [
        {"name": each, "in": "query", "schema": schema, "description": way.descriptions.get(each, "")}
        for each, schema in way.parameters.items()
    ]
    headers = {each: {"schema": TEXT} for each in way.documented_headers}
    content = {"application/json": {"schema": way.schema}}
    return {
        "operationId": f"list_{name}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK", "headers": headers, "content": content}},
    }


def answer(request: Request) -> Answer:
    """Answer as the way of the path does."""
    way = WAYS[request.path.rpartition("/")[2]]
    part = way.part(request)
    given = {name: value for name, value in way.headers(part).items() if value is not None}
    return Answer(200, way.answer(part), given)
