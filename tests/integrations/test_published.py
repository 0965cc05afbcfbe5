"""The bundles and the stand-ins of their vendors, held to what the vendors publish of their APIs."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integrations.bundled import load
from tests.vendors.freshdesk.api import Freshdesk
from tests.vendors.freshdesk.data import WRITABLE as FRESHDESK_WRITABLE
from tests.vendors.intercom.api import Intercom
from tests.vendors.intercom.data import WRITABLE as INTERCOM_WRITABLE
from tests.vendors.published import operation_key, published
from tests.vendors.stand_in import StandIn
from tests.vendors.zendesk.api import Zendesk
from tests.vendors.zendesk.data import WRITABLE as ZENDESK_WRITABLE
from tools.catalogue.compilation import Catalogue, build
from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.tool import Tool

STAND_INS: dict[str, type[StandIn]] = {"freshdesk": Freshdesk, "intercom": Intercom, "zendesk": Zendesk}
# What the stand-ins take in a body, by the operations that write it.
WRITES: dict[str, dict[str, Any]] = {
    "freshdesk": {
        "POST /tickets": FRESHDESK_WRITABLE["tickets"], "POST /contacts": FRESHDESK_WRITABLE["contacts"],
        "POST /companies": FRESHDESK_WRITABLE["companies"], "POST /tickets/{}/reply": FRESHDESK_WRITABLE["replies"],
        "POST /tickets/{}/notes": FRESHDESK_WRITABLE["notes"],
        "POST /solutions/folders/{}/articles": FRESHDESK_WRITABLE["articles"],
        "POST /tickets/{}/time_entries": FRESHDESK_WRITABLE["time_entries"],
    },
    "intercom": {
        "POST /conversations/{}/parts": INTERCOM_WRITABLE["parts"], "POST /tickets": INTERCOM_WRITABLE["new_tickets"],
        "PUT /tickets/{}": INTERCOM_WRITABLE["tickets"], "POST /contacts": INTERCOM_WRITABLE["contacts"],
        "POST /articles": INTERCOM_WRITABLE["articles"],
    },
    "zendesk": {
        "POST /tickets": ZENDESK_WRITABLE["tickets"], "PUT /tickets/{}": ZENDESK_WRITABLE["changes"],
        "POST /users": ZENDESK_WRITABLE["users"],
        "POST /organizations": ZENDESK_WRITABLE["organizations"],
    },
}  # fmt: skip


@pytest.fixture(params=STAND_INS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalogue(db: None, vendor: str) -> Catalogue:
    return build(load(vendor))


def key_of(tool: Tool) -> str:
    return operation_key(tool.method.http, tool.method.path)


def in_query(tool: Tool) -> set[str]:
    """Return every parameter that a tool may send, those of pages included."""
    names = {each.parameter for each in tool.placements.values() if each.in_query}
    styles = tool.method.query_styles
    names = {f"{name}[]" if styles.get(name) == "brackets" else name for name in names}
    paging = tool.pager or tool.counted or tool.joined
    told = tool.method.pagination or tool.definition.pagination
    return {*names, *tool.method.fixed_query, *(told.parameters if paging and not in_body_paged(tool) else ())}


def in_body_paged(tool: Tool) -> bool:
    return getattr(tool.method.pagination, "send_in", "query") == "body"


def in_body(tool: Tool) -> set[str]:
    """Return the members of the body that a tool may send."""
    members = {each.wire_name.removesuffix("[]") for each in tool.placements.values() if each.in_body}
    return {*members, *tool.method.fixed_body} if tool.method.body != "raw" else set()


def values_of(schema: Schema) -> list[Any]:
    items = schema.get("items", {})
    return [*schema.get("enum", []), *items.get("enum", []), *([schema["const"]] if "const" in schema else [])]


def strange_values(tool: Tool, known: dict[str, list[Any]]) -> Iterator[str]:
    for name, placement in tool.placements.items():
        allowed = known.get(placement.wire_name)
        if allowed is not None:
            schema = tool.checked_schema["properties"][name]
            yield from (f"{tool.name}.{name}={value}" for value in values_of(schema) if value not in allowed)
    for name, value in tool.method.fixed_body.items():
        if name in known and value not in known[name]:
            yield f"{tool.name}.{name}={value}"


def test_every_tool_calls_what_is_published_and_sends_what_it_takes(catalogue: Catalogue, vendor: str) -> None:
    known = published(vendor).operations
    tools = [tool for tool in catalogue if not tool.composite]
    assert {key_of(tool) for tool in tools} - known.keys() == set()
    strange = [f"{tool.name}: {name}" for tool in tools for name in in_query(tool) - known[key_of(tool)].query]
    for tool in tools:
        body = known[key_of(tool)].body
        strange += [f"{tool.name}: {name}" for name in in_body(tool) - (in_body(tool) if body is None else body)]
        strange += strange_values(tool, known[key_of(tool)].values)
    assert strange == []


def test_no_page_is_larger_than_is_published(catalogue: Catalogue, vendor: str) -> None:
    most = published(vendor).most
    for tool in catalogue:
        paging = tool.method.pagination or tool.definition.pagination
        limit = str(getattr(paging, "limit_parameter", None)).rpartition(".")[2]
        if (tool.pager or tool.counted or tool.joined) and limit in most:
            assert paging.max_limit <= most[limit], tool.name


def test_a_stand_in_serves_what_is_published_and_no_more(vendor: str) -> None:
    """What nobody publishes must not pass in a test: neither a path, nor a parameter, nor a member of a body."""
    known, stand_in = published(vendor).operations, STAND_INS[vendor]()
    # Signing in and files are no operations of the API.
    routes = [route for route in stand_in.routes if not route.path.startswith(("/oauth/", "/attachments/"))]
    keys = {operation_key(route.method, route.path.removeprefix("/api/v2")): route for route in routes}
    assert keys.keys() - known.keys() == set()
    strange = [f"{key}: {name}" for key, route in keys.items() for name in route.query - known[key].query]
    assert strange == []
    for key, members in WRITES[vendor].items():
        published_members = known[key].body
        assert published_members is not None, key
        assert {*members} - published_members == set(), key
