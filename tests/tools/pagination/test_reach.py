"""Where a vendor gives only the first items of a list: a walk ends there, says so, and asks for nothing behind them."""

import json
from typing import Any

import pytest

from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.mcp_client import McpClient
from tests.vendors.application import Answer, Request
from tests.vendors.lists import KEY, PAGINGS, ListVendor, bundle
from tests.vendors.scripted import ScriptedVendor

MOST = 30
COUNTED = [
    name
    for name, paging in PAGINGS.items()
    if paging["kind"] in {"offset", "page"} and "send_in" not in paging and name not in {"offset_only", "offset_sizes"}
]


class ShortVendor(ListVendor):
    """Refuses every request whose page would end behind the first MOST items."""

    def _rows(self, start: int, asked: dict[str, Any], *names: str) -> list[Any]:
        rows = super()._rows(start, asked, *names)
        assert start + len(rows) <= MOST
        return rows

    def _page(self, name: str, request: Request, asked: dict[str, Any]) -> Answer:
        number = int(asked.get("page") or asked.get("p") or 0)
        size = int(asked.get("per_page", 10))
        assert (number + (name == "page_count")) * size <= MOST
        return super()._page(name, request, asked)


def short_bundle() -> dict[str, Any]:
    """Return the bundle of the lists, of which the counted ones end early."""
    document = bundle()
    for name in COUNTED:
        paging = document["integration"]["resources"][name]["methods"]["list"]["pagination"]
        sizes = {"page_sizes": [5, 10]} if "page_sizes" in paging else {}
        paging |= {"max_items": MOST, "max_limit": 10, **sizes}
    return document


@pytest.fixture
def vendor(scripted: ScriptedVendor) -> ShortVendor:
    scripted.answer = short = ShortVendor([{"id": number} for number in range(45)], base=f"{scripted.address}/v1")
    short.cap = 10
    return short


@pytest.fixture
def lists(
    transactional_db: None, environment: Environment, vendor: ShortVendor, scripted: ScriptedVendor, upstream: None
) -> McpClient:
    integration = load_bundle(json.dumps(short_bundle())).integration
    account = connect_account(
        environment, integration, "tests", name="Lists", fields={"key": KEY}, base_url=vendor.base, verify=False
    )
    return McpClient(create_server(account, "tests", name="Lists", methods=[], tags=[])[1])


async def walked(lists: McpClient, name: str, limit: int) -> tuple[list[int], dict[str, Any]]:
    """Return the ids of a walk, and its last page."""
    given: list[int] = []
    page: dict[str, Any] = {"next_cursor": None}
    while True:
        cursor = {"next_cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = await lists.value(f"list_{name}", {"limit": limit, **cursor})
        given += [item["id"] for item in page["result"]]
        if not page.get("next_cursor"):
            return given, page


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("limit", [10, 7])
async def test_a_walk_ends_where_the_vendor_does_and_says_so(lists: McpClient, name: str, limit: int) -> None:
    given, last = await walked(lists, name, limit)
    is_by_sevens = limit == 7 and name.startswith("page") and name not in {"page_fixed", "page_sizes"}
    assert given == list(range(28 if is_by_sevens else MOST))
    assert "next_cursor" not in last  # where the list ends is not known
    (cut,) = last["truncated"]
    assert cut["path"] == "next_cursor"
    assert "no more than the first 30 items" in cut["advice"]
    assert "Narrow it" in cut["advice"]


@pytest.mark.parametrize("name", COUNTED)
async def test_a_shorter_list_ends_as_ever(lists: McpClient, vendor: ShortVendor, name: str) -> None:
    vendor.items = vendor.items[:12]
    given, last = await walked(lists, name, 10)
    assert given == list(range(12))
    assert last["next_cursor"] is None
    assert "truncated" not in last


async def test_a_list_that_ends_just_there_is_whole_where_the_vendor_tells_its_length(
    lists: McpClient, vendor: ShortVendor
) -> None:
    vendor.items = vendor.items[:MOST]
    for name in ("offset_header", "offset_more", "page_more", "page_count"):
        given, last = await walked(lists, name, 10)
        assert given == list(range(MOST))
        assert (last["next_cursor"], last.get("truncated")) == (None, None)


@pytest.mark.parametrize("name", ["offset_only", "offset_sizes"])
def test_an_offset_whose_pages_have_fixed_sizes_cannot_end_early(name: str) -> None:
    document = bundle()["integration"]
    document["resources"][name]["methods"]["list"]["pagination"] |= {"max_items": 500}
    with pytest.raises(DefinitionInvalid, match="max_items: pages by offset must take any size then"):
        parse_definition(document)


def test_a_page_that_is_longer_than_the_list_can_be_is_refused() -> None:
    document = bundle()["integration"]
    document["resources"]["page"]["methods"]["list"]["pagination"] |= {"max_items": 49}
    with pytest.raises(DefinitionInvalid, match="max_items: is less than one page"):
        parse_definition(document)
