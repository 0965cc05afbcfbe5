"""The MCP endpoint: each message of it, and each argument of each kind of tool."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from accounts.models import IntegratedAccount
from mcpservers.eras import HANDSHAKE, STATELESS
from tests.entrances.inputs import BODIES, NAMES, VALUES, message, written
from tests.entrances.measuring import LOOP, growth_problems
from tests.mcp_client import CAPABILITIES, VERSION, McpClient
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.compilation import Catalogue, catalogue_of
from tools.catalogue.tool import Tool

pytestmark = pytest.mark.hostile

METHODS = ("initialize", "ping", "tools/list", "tools/call", "server/discover", "subscriptions/listen", "x", "")


def posting(client: McpClient, body: bytes, headers: dict[str, str | None] | None = None) -> Callable[[], Any]:
    """Return what posts a body, and fails where the answer is a failure of ours or larger than what was sent."""

    async def handle() -> None:
        response = await client.post(body, headers)
        assert response.status_code < 500, response.text[:300]
        assert len(response.content) < len(body) + 100_000
        assert '"code":-32603' not in response.text

    return handle


def calling(client: McpClient, tool: Tool, arguments: dict[str, Any]) -> Callable[[], Awaitable[object]]:
    return posting(client, message("tools/call", {"name": tool.name, "arguments": arguments}))


def given_to_each(tool: Tool, value: Callable[[int], Any], size: int) -> dict[str, Any]:
    """Return the value as every argument of a tool, so much of it that all of them have the size together."""
    names = list(tool.input_schema["properties"])
    return {name: value(size // len(names)) for name in names}


@pytest.fixture
def catalogues(desk_account: IntegratedAccount, archive_account: IntegratedAccount) -> list[Catalogue]:
    return [catalogue_of(account.integration) for account in (desk_account, archive_account)]


@pytest.fixture
def tools(catalogues: list[Catalogue]) -> list[Tool]:
    """One tool of each way in which the two integrations make a request of arguments, which together have them all."""
    ways = {}
    for catalogue in catalogues:
        for tool in catalogue:
            styles = {placement.query_style for placement in tool.placements.values()}
            if tool.placements:
                ways[tool.method.body, tool.pager is None, frozenset(styles)] = tool
    return [*ways.values()]


@pytest.mark.parametrize("kind", VALUES)
async def test_no_value_of_an_argument_holds_the_loop(
    desk: McpClient, archive: McpClient, tools: list[Tool], scripted: ScriptedVendor, kind: str
) -> None:
    problems = []
    for tool in tools:
        client = desk if "desk" in tool.name else archive

        def handle_of(size: int, tool: Tool = tool, client: McpClient = client) -> Callable[[], Awaitable[object]]:
            return calling(client, tool, given_to_each(tool, VALUES[kind], size))

        problems += await growth_problems(f"{tool.name}, {kind}", handle_of, most=LOOP)
        scripted.received.clear()
    assert problems == []


@pytest.mark.parametrize("kind", NAMES)
async def test_no_names_of_arguments_hold_the_loop(
    desk: McpClient, archive: McpClient, tools: list[Tool], kind: str
) -> None:
    problems = []
    for tool in tools:
        client, known = desk if "desk" in tool.name else archive, list(tool.input_schema["properties"])

        def handle_of(
            size: int, tool: Tool = tool, client: McpClient = client, known: list[str] = known
        ) -> Callable[[], Awaitable[object]]:
            return calling(client, tool, NAMES[kind](size, known))

        problems += await growth_problems(f"{tool.name}, {kind}", handle_of, most=LOOP)
    assert problems == []


@pytest.mark.parametrize("kind", BODIES)
async def test_no_body_holds_the_loop(desk: McpClient, kind: str) -> None:
    def handle_of(size: int) -> Callable[[], Awaitable[object]]:
        return posting(desk.at("2025-03-26"), BODIES[kind](size))

    assert await growth_problems(kind, handle_of, most=LOOP) == []


MEMBERS = ("jsonrpc", "id", "method", "params", "result", "error", "more")
PARAMS = ("name", "arguments", "cursor", "protocolVersion", "clientInfo", "capabilities", "notifications", "_meta")


@pytest.mark.parametrize("version", [HANDSHAKE[0], STATELESS])  # the two eras
async def test_no_member_of_a_message_holds_the_loop(desk: McpClient, version: str) -> None:
    client, problems = desk.at(version), []
    kinds = ("long text", "many members")
    for method in METHODS:
        headers: dict[str, str | None] = {"Mcp-Method": method or None, "Mcp-Name": "x" * 100}
        meta = {VERSION: version, CAPABILITIES: {}} if version == STATELESS else {}
        for kind in kinds:
            make = VALUES[kind]

            def handle_of(
                size: int,
                make: Callable[[int], Any] = make,
                meta: dict[str, Any] = meta,
                method: str = method,
                headers: dict[str, str | None] = headers,
            ) -> Callable[[], Awaitable[object]]:
                value = make(size // len(PARAMS))
                params = {**dict.fromkeys(PARAMS, value), "_meta": {**meta, "progressToken": value}}
                params["notifications"] = [value]  # an object would open a stream, which does not end
                params["clientInfo"] = {"name": "x" * (size // 8), "version": value}
                return posting(client, message(method, params), headers)

            problems += await growth_problems(f"{method}, {kind} in params", handle_of, most=LOOP)
    for member in MEMBERS:
        for kind in kinds:
            make = VALUES[kind]

            def member_of(
                size: int, make: Callable[[int], Any] = make, member: str = member
            ) -> Callable[[], Awaitable[object]]:
                return posting(client, written({"jsonrpc": "2.0", "id": 1, "method": "ping", member: make(size)}))

            problems += await growth_problems(f"{kind} as {member}", member_of, most=LOOP)
    assert problems == []


@pytest.mark.parametrize(
    "header",
    ["accept", "authorization", "content-type", "cookie", "host", "mcp-method", "mcp-name", "mcp-protocol-version",
     "mcp-session-id", "origin", "user-agent", "x-request-id"],
)  # fmt: skip
async def test_no_header_holds_the_loop(desk: McpClient, header: str) -> None:
    def handle_of(size: int) -> Callable[[], Awaitable[object]]:
        # A web server takes heads of 64 KiB.
        value = {"mcp-name": f"=?base64?{'QQ' * (size // 40)}?=", "origin": "http://" + "[" * (size // 20)}
        sent = value.get(header, "a,b;q=0.1 " * (size // 200))
        return posting(desk.at(STATELESS), message("tools/call", {"name": "x"}), {header: sent})

    assert await growth_problems(header, handle_of, most=LOOP) == []


async def test_no_query_of_the_old_transport_holds_the_loop(desk: McpClient) -> None:
    def handle_of(size: int) -> Callable[[], Awaitable[object]]:
        client = McpClient(desk.token, None, "/messages?" + "a=1&" * (size // 70) + "session=x")
        return posting(client, message("ping", {}))

    assert await growth_problems("query", handle_of, most=LOOP) == []


class TestWhatIsRefused:
    """In which words."""

    async def test_more_values_than_are_read_are_refused_with_their_number(self, desk: McpClient) -> None:
        refused = await desk.post(message("ping", {"a": [0] * 20_001}))
        assert refused.status_code == 400
        assert refused.json()["error"]["message"] == "Invalid request: the body is made of more than 20000 values."
        assert (await desk.post(message("ping", {"a": [0] * 19_000}))).status_code == 200

    async def test_text_with_more_commas_than_values_are_read_is_taken(self, desk: McpClient) -> None:
        assert (await desk.post(message("ping", {"a": "," * 100_000}))).status_code == 200

    async def test_a_path_value_is_held_to_a_length(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        told = await desk.failure("desk_tickets_link", {"id": "x" * 1001, "other": "2"})
        assert "id: an id has at most 1000 characters" in told
        assert scripted.received == []
        await desk.value("desk_tickets_link", {"id": "x" * 1000, "other": "2"})

    async def test_an_address_is_held_to_a_length(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        told = await desk.failure("list_all_desk_tickets", {"filter_state": "x" * 17_000})
        assert "the arguments that go into the address are longer than 16384 characters together" in told
        assert scripted.received == []

    async def test_nested_names_that_add_up_are_refused(self, desk: McpClient, scripted: ScriptedVendor) -> None:
        told = await desk.failure("list_all_desk_tickets", {"tree": {"n" * 600: {"n" * 600: 1}}})
        assert "the names of nested members are longer than 1000 characters" in told
        assert scripted.received == []

    async def test_an_argument_too_large_to_search_is_told_with_its_schema(self, desk: McpClient) -> None:
        told = await desk.failure("list_all_desk_tickets", {"labels": [[1]] * 5000})
        assert 'labels: does not fit, and is too large to say where; its schema begins {"type":"array"' in told

    async def test_fields_are_held_to_a_number_and_a_length(self, archive: McpClient) -> None:
        assert "100" in await archive.failure("list_all_archive_papers", {"fields": ["id"] * 101})
        told = await archive.failure("list_all_archive_papers", {"fields": ["id" + ".a" * 100]})
        assert "no name there has 202 characters" in told

    async def test_problems_are_told_up_to_the_eighth(self, desk: McpClient) -> None:
        told = await desk.failure("list_all_desk_tickets", {f"x{count}": 1 for count in range(10_000)})
        assert told.count("is not an argument of this tool") == 8

    async def test_an_id_that_is_longer_than_any_is_refused(self, desk: McpClient) -> None:
        refused = await desk.post(message("ping", {}, id="x" * 1001))
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, -32600)
        assert (await desk.post(message("ping", {}, id="x" * 1000))).json()["id"] == "x" * 1000
