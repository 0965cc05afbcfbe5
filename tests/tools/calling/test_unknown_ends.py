"""A list whose answer says that it goes on somewhere is never taken for all: by names, a count or a search."""

from pytest_django.fixtures import Settings

from tests.tools.calling.test_composites import Desk, desk_of  # noqa: F401  a fixture
from tests.vendors.application import Answer, Request
from tests.vendors.scripted import ScriptedVendor
from tools.calling import names

NEXT = {"link": '<https://vendor.example/api?page=2>; rel="next"'}


async def test_it_is_not_taken_for_all(desk_of: Desk, scripted: ScriptedVendor, settings: Settings) -> None:  # noqa: F811
    settings.NAMES_SECONDS = 300
    names._kept.clear()

    def answer(request: Request) -> Answer:
        kind = request.path.rpartition("/")[2]
        lists = {"departments": [{"id": "DEP-01", "name": "Billing"}], "chats": [{"id": "CHT-1", "title": "Hello"}]}
        return Answer(body=lists.get(kind, []), headers=NEXT if kind in lists else {})

    scripted.answer = answer
    assert "there is no" not in await desk_of.failure("list_all_fuse_desk_cases", {"depid": "Sales"})
    assert "all 1 live chats" not in (await desk_of.value("search", {"query": "hello"}))["searched"]


async def test_hidden_characters_are_no_end_before_the_end(desk_of: Desk, scripted: ScriptedVendor) -> None:  # noqa: F811
    chats = [{"id": "CHT-1", "title": "Hel\u200blo"}]
    scripted.answer = lambda request: Answer(body=chats if request.path.endswith("/chats") else [])
    assert "all 1 live chats" in (await desk_of.value("search", {"query": "other"}))["searched"]
