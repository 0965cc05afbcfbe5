"""A vendor that holds one list and gives it out in every kind of paging, each under a path of its own."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from accounts.definition import Definition, parse_definition
from tests.vendors.application import Answer, Request
from tools.catalogue.compilation import compile_tool
from tools.catalogue.tool import Tool
from tools.models import Documentation

KEY = "lists-secret"
LIMITED = {"limit_parameter": "per_page"}
PAGINGS: dict[str, dict[str, Any]] = {
    "offset": {"kind": "offset"},
    "offset_total": {"kind": "offset", "total": "meta.total"},
    "offset_header": {"kind": "offset", "total_header": "X-Total-Count"},
    "offset_body": {"kind": "offset", "send_in": "body", "limit_parameter": "page.limit",
                    "offset_parameter": "page.offset"},
    "offset_more": {"kind": "offset", "more": "meta.more"},
    "offset_one": {"kind": "offset", "first_item": 1, "total_header": "Content-Range"},
    "offset_only": {"kind": "offset", "limit_parameter": None, "more": "!(meta.last)"},
    "offset_sizes": {"kind": "offset", "page_sizes": [5, 10, 40, 100]},
    "offset_full": {"kind": "offset", "filled_to": 100},
    "page": {"kind": "page", **LIMITED},
    "page_full": {"kind": "page", **LIMITED, "filled_to": 100},
    "page_sizes": {"kind": "page", **LIMITED, "page_sizes": [5, 10, 40, 100], "more": "meta.more"},
    "page_fixed": {"kind": "page", "max_limit": 20},
    "page_more": {"kind": "page", **LIMITED, "page_parameter": "p", "more": "meta.more"},
    "page_count": {"kind": "page", **LIMITED, "first_page": 0, "total_pages": "meta.pages"},
    "page_total": {"kind": "page", **LIMITED, "total": "meta.total"},
    "page_body": {"kind": "page", "send_in": "body", "page_parameter": "page.number", "limit_parameter": "page.size",
                  "total_header": "X-Total-Count"},
    "cursor": {"kind": "cursor", **LIMITED, "cursor_parameter": "after", "next_cursor": "meta.next"},
    "cursor_fixed": {"kind": "cursor", "cursor_parameter": "after", "next_cursor": "meta.next"},
    "cursor_header": {"kind": "cursor", **LIMITED, "cursor_parameter": "after", "next_cursor_header": "X-Next"},
    "cursor_last": {"kind": "cursor", **LIMITED, "cursor_parameter": "starting_after", "next_cursor": "data[-1].id",
                    "more": "meta.more"},
    "cursor_least": {"kind": "cursor", **LIMITED, "cursor_parameter": "after", "next_cursor": "meta.next",
                     "min_limit": 8, "total": "meta.total"},
    "cursor_body": {"kind": "cursor", "send_in": "body", "limit_parameter": "page.size",
                    "cursor_parameter": "page.from", "next_cursor": "meta.next_place"},
    "link": {"kind": "link", **LIMITED},
    "link_body": {"kind": "link", **LIMITED, "next_url": "meta.url"},
    "link_relative": {"kind": "link", "next_url": "meta.query"},
    "range": {"kind": "range"},
    "range_ignored": {"kind": "range", "unit": "rows"},
    "none": {"kind": "none"},
}  # fmt: skip

# Of vendors that are said to fill their pages, the most has to be as documented.
FILLED = {"offset_full", "page_full"}
# Where only the length of a page tells whether it is the last.
SILENT = {"offset", "offset_body", "offset_sizes", "page", "page_fixed"}


def bundle() -> dict[str, Any]:
    """Return the bundle of an integration with one list for each kind."""
    resources = {}
    for name, paging in PAGINGS.items():
        in_body = paging.get("send_in") == "body"
        usual = {"default_limit": 10, "max_limit": 50}
        resources[name] = {
            "label": name,
            "methods": {
                "list": {
                    "http": "POST" if in_body else "GET",
                    "path": f"/{name}",
                    "access": "read",
                    "body": "json" if in_body else "none",
                    "result": "data",
                    "pagination": {**usual, **paging},
                }
            },
        }
    integration = {
        "name": "lists",
        "label": "Lists",
        "base_url": "https://lists.example/v1",
        "connection_fields": [{"name": "key", "label": "Key", "secret": True}],
        "authentication": {"kind": "api_key", "query": "key", "value": "{key}"},
        "connection_test": {"path": "/me"},
        "pagination": {"kind": "none"},
        "resources": resources,
    }
    return {"bundle": 1, "integration": integration, "documentation": [_record(name) for name in PAGINGS]}


def _record(name: str) -> dict[str, Any]:
    return {
        "resource": name,
        "method": "list",
        "title": f"List {name}",
        "description": "Lists the things of the vendor, in the order in which it has them.",
        "query_schema": {"type": "object", "properties": {"word": {"type": "string"}}},
        "tool_name": f"list_{name}",
    }


def list_tool(name: str) -> Tool:
    """Compile the tool of one list."""
    definition: Definition = parse_definition(bundle()["integration"])
    return compile_tool(definition, Documentation(**_record(name)))


@dataclass
class ListVendor:
    """Answers for every list. `cap` is the most items of a page, whatever is asked for; `base` stands in its links."""

    items: list[Any] = field(default_factory=list)
    cap: int = 100
    base: str = "https://lists.example/v1"

    def __call__(self, request: Request) -> Answer:
        """Answer as the list of the path pages."""
        name = request.path.rpartition("/")[2]
        body = json.loads(request.body) if request.body else {}
        asked = {**dict(request.parameters), **body.get("page", {})}
        return getattr(self, f"_{name.partition('_')[0]}")(name, request, asked)  # type: ignore[no-any-return]

    def _rows(self, start: int, asked: dict[str, Any], *names: str) -> list[Any]:
        wanted = next((int(asked[name]) for name in names if name in asked), 20)
        return self.items[start : start + min(wanted, self.cap)]

    def _answer(self, rows: list[Any], headers: dict[str, str] | None = None, status: int = 200, **meta: Any) -> Answer:
        return Answer(status, {"data": rows, "meta": meta}, headers or {})

    def _offset(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        total, start = len(self.items), int(asked["offset"]) - (name == "offset_one")
        rows = self._rows(start, asked, "limit")
        more = start + len(rows) < total
        if name == "offset_one":
            return self._answer(rows, {"Content-Range": f"items {start}-{start + len(rows)}/{total}"})
        if name in {"offset_more", "offset_only"}:
            return self._answer(rows, more=more, last=not more)
        if name == "offset_total":
            return self._answer(rows, total=str(total))
        return self._answer(rows, {"X-Total-Count": str(total)} if name == "offset_header" else {})

    def _page(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        number = int(asked.get("page") or asked.get("p") or asked.get("number") or 0)
        first = 0 if name == "page_count" else 1
        size = min(int(asked.get("per_page", asked.get("size", 20))), self.cap)
        start = (number - first) * size
        rows, total = self.items[start : start + size], len(self.items)
        meta: dict[str, dict[str, Any]] = {
            "page_more": {"more": start + size < total},
            "page_sizes": {"more": start + size < total},
            "page_count": {"pages": -(-total // size)},
            "page_total": {"total": total},
        }
        headers = {"X-Total-Count": str(total)} if name == "page_body" else {}
        return self._answer(rows, headers, **meta.get(name, {}))

    def _cursor(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        place = asked.get("from") or {}
        if name == "cursor_last":
            ids = [item["id"] for item in self.items]
            start = ids.index(int(asked["starting_after"])) + 1 if "starting_after" in asked else 0
        else:
            start = place["at"] if place else int(asked.get("after", "at 0").removeprefix("at "))
        rows = self._rows(start, asked, "per_page", "size")
        end = start + len(rows)
        more = end < len(self.items)
        if name == "cursor_header":
            return self._answer(rows, {"X-Next": f"at {end}"} if more else {})
        told: dict[str, Any] = {
            "more": more,
            "next": f"at {end}" if more else "",
            "next_place": {"at": end} if more else None,
        }
        return self._answer(rows, **told | ({"total": len(self.items)} if name == "cursor_least" else {}))

    def _link(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        start = int(asked.get("from", 0))
        rows = self._rows(start, asked, "per_page")
        end = start + len(rows)
        if end >= len(self.items):
            return self._answer(rows, {"Link": f'<{self.base}/{name}>; rel="first"'}, url=None, query=None)
        query = urlencode({**asked, "from": end})
        url = f"{self.base}/{name}?{query}"
        headers = {"Link": f'<{self.base}/{name}>; rel="first", <{url}>; title="a, b"; rel="last next"'}
        return self._answer(rows, headers if name == "link" else {}, url=url, query=f"?{query}")

    def _range(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        if name == "range_ignored":
            return self._answer(self.items)
        first, last = (int(number) for number in request.header("range")[0].removeprefix("items=").split("-"))
        rows, total = self.items[first : min(last + 1, first + self.cap)], len(self.items)
        if not rows:
            return self._answer([], {"Content-Range": f"items */{total}"}, 416)
        told = {"Content-Range": f"items {first}-{first + len(rows) - 1}/{total}"}
        return self._answer(rows, told, 200 if len(rows) == total else 206)

    def _none(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        return self._answer(self.items)
