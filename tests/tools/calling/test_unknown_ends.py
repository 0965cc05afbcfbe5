"""A list whose answer says that it goes on somewhere is never taken for all: by names, a count or a search."""

from pytest_django.fixtures import Settings

from tests.mcp_client import McpClient
from tests.vendors.application import Answer, Request
from tests.vendors.scripted import ScriptedVendor
from tools.calling import names

NEXT = {"link": '<https://vendor.example/api?page=2>; rel="next"'}


async def test_it_is_not_taken_for_all(desk_of: McpClient, scripted: ScriptedVendor, settings: Settings) -> None:
    settings.NAMES_SECONDS = 300
    names._kept.clear()

    def answer(request: Request) -> Answer:
        kind = request.path.rpartition("/")[2]
        lists = {"departments": [{"id": "DEP-01", "name": "Billing"}], "chats": [{"id": "CHT-1", "title": "Hello"}]}
        return Answer(body=lists.get(kind, []), headers=NEXT if kind in lists else {})

    scripted.answer = answer
    assert "there is no" not in await desk_of.failure("list_all_fuse_desk_cases", {"depid": "Sales"})
    assert "all 1 live chats" not in (await desk_of.value("search", {"query": "hello"}))["searched"]


async def test_hidden_characters_are_no_end_before_the_end(desk_of: McpClient, scripted: ScriptedVendor) -> None:
    chats = [{"id": "CHT-1", "title": "Hel\u200blo"}]
    scripted.answer = lambda request: Answer(body=chats if request.path.endswith("/chats") else [])
    assert "all 1 live chats" in (await desk_of.value("search", {"query": "other"}))["searched"]


async def test_a_search_says_how_many_more_match(desk_of: McpClient, scripted: ScriptedVendor) -> None:
    chats = [{"id": f"CHT-{number}", "title": "Refund"} for number in range(50)]
    scripted.answer = lambda request: Answer(body=chats if request.path.endswith("/chats") else [])
    assert "(the best 20 of 50 that match)" in (await desk_of.value("search", {"query": "refund"}))["searched"]


async def test_fetch_keeps_a_records_own_remarks(desk_of: McpClient, scripted: ScriptedVendor) -> None:
    contact = {"id": 1, "remarks": "VIP, call first", "company": "A\u200bB"}
    scripted.answer = lambda request: Answer(body=contact if request.path.endswith("/contacts/1") else [])
    text = (await desk_of.value("fetch", {"id": "contact:1"}))["text"]
    assert "remarks: VIP, call first" in text
    assert "Left out to fit" not in text
