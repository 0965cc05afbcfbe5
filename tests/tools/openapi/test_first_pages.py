"""Numbered pages begin at 1, or at 0 where the document or the answer says so."""

from typing import Any

import pytest

from tests.tools.openapi.documents import described
from tests.tools.openapi.lists import a_list, only, tools_of
from tests.tools.pages import ids, walk
from tests.vendors.application import Answer, Request
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor

SPRING = {
    name: {"type": kind}
    for kind, names in {
        "integer": "number size totalElements totalPages numberOfElements", "boolean": "first last",
    }.items()
    for name in names.split()
}  # fmt: skip
FROM_ZERO: list[dict[str, Any]] = [
    *(
        {"description": words}
        for words in (
            "Results page you want to retrieve (0..N)", "Page number, starting from 0", "0-based page index",
            "Zero-indexed page", "The first page is 0.", "(zero based)", "Pages are numbered from zero", "Starts at 0",
            "Which page; 0 is the first", "The page to show (default: 0).", "0-indexed page number",
        )
    ),
    {"example": 0}, {"schema": {"type": "integer", "example": 0}}, {"examples": {"one": {"value": 0}}},
    {"schema": {"type": "integer", "default": 0}}, {"schema": {"type": "integer", "minimum": 0}},
]  # fmt: skip
FROM_ONE: list[dict[str, Any]] = [
    *({"description": words} for words in ("The page.", "1-based", "Starting at 1.", "Page 10 of 0.5 MB", "1..n")),
    {"example": 1},
]


class TestFirstPage:
    """Numbered pages begin at 1, or at 0 where the document or the answer says so."""

    def zero_based(self, request: Request) -> Answer:
        """Answer as Spring Data does, in which page 0 is the first."""
        number, size = int(request.one("page")), int(request.one("size", "20"))
        start = number * size
        rows = [{"id": each} for each in range(23)][start : start + size]
        told = {"number": number, "size": size, "totalElements": 23, "totalPages": -(-23 // size)}
        told |= {"first": number == 0, "last": start + size >= 23}
        return Answer(200, {"data": rows, **({"page": told} if "models" in request.path else told)})

    async def test_the_first_is_0_where_the_document_says_so(self, imported: Import, scripted: ScriptedVendor) -> None:
        paths: dict[str, Any] = {}
        expected: dict[str, str] = {}
        for said in [*FROM_ZERO, *FROM_ONE]:
            name = f"list{len(paths)}"
            operation = a_list({"page": "integer", "size": "integer"}, total={"type": "integer"})
            operation["parameters"][0] |= said
            paths[f"/{name}"], expected[name] = {"get": operation}, "0" if said in FROM_ZERO else "1"
        client = await imported(described(paths))
        scripted.answer = lambda request: Answer(200, {"data": [], "total": 0})
        found = {}
        for tool in await tools_of(client):
            await client.value(tool)
            found[scripted.last.path.rpartition("/")[2]] = scripted.last.one("page")
        assert found == expected

    async def test_spring_datas_answers_begin_at_0_unless_the_document_says_otherwise(
        self, imported: Import, scripted: ScriptedVendor
    ) -> None:
        around = {"type": "object", "properties": SPRING}
        documented = {
            "plains": a_list({"page": "integer", "size": "integer"}, **SPRING),
            "models": a_list({"page": "integer", "size": "integer"}, page=around),
            "others": a_list({"page": "integer", "size": "integer"}, **SPRING),
        }
        documented["others"]["parameters"][0]["description"] = "Starts with 1."
        client = await imported(described({f"/{name}": {"get": each} for name, each in documented.items()}))
        scripted.answer = self.zero_based
        for tool in await tools_of(client):
            for limit in (None, 5, 23, 50):
                scripted.received.clear()
                pages = await walk(client, tool, **({"limit": limit} if limit else {}))
                assert ids(pages) == [*range(23)], (tool, limit)
                assert scripted.received[0].one("page") == ("1" if "other" in tool else "0"), tool

    @pytest.mark.parametrize("around", [{"first": {"type": "boolean"}}, {"total": {"type": "integer"}}, {}])
    async def test_an_answer_that_tells_of_an_earlier_page_leads_back_to_it(
        self, imported: Import, scripted: ScriptedVendor, around: dict[str, Any]
    ) -> None:
        kind = {"kind": {"type": "string"}}
        client = await imported(
            described({"/things": {"get": a_list({"page": "integer", "size": "integer"}, **kind, **around)}})
        )
        scripted.answer = self.zero_based
        for limit in (5, 23, 50):
            assert ids(await walk(client, await only(client), limit=limit)) == [*range(23)]

    async def test_no_items_beside_a_total_are_no_silent_end(self, imported: Import, scripted: ScriptedVendor) -> None:
        way = {"page": "integer", "size": "integer"}
        client = await imported(described({"/things": {"get": a_list(way, total={"type": "integer"})}}))
        scripted.answer = lambda request: Answer(200, {"data": [], "total": 23})
        shown = await client.value(await only(client))
        assert "number its pages otherwise" in shown["truncated"][0]["advice"]
        scripted.answer = lambda request: Answer(200, {"data": [], "total": 0})
        assert "truncated" not in await client.value(await only(client))
