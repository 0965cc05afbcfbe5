"""Who sends tokens that open nothing is told once, by address, and counted by surface; a token that leaked too."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings

from accounts.models import ApiToken, Environment, IntegratedAccount, Role
from accounts.tokens import API_PREFIX, MCP_PREFIX, mint
from accounts.web.unknown_tokens import MANY_ATTEMPTS
from config.asgi import application
from mcpservers.lifecycle import create_server

pytestmark = pytest.mark.django_db(transaction=True)

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
Attempt = Callable[[str], Awaitable[int]]


def from_address(address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=application, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def mcp(address: str, token: str = "", authorization: str = "") -> int:
    headers = {"Authorization": authorization} if authorization else {}
    client = from_address(address)
    return (await client.post(f"/mcp/{token or mint(MCP_PREFIX).value}", json=PING, headers=headers)).status_code


async def management(address: str) -> int:
    client = Client(REMOTE_ADDR=address, headers={"Authorization": f"Bearer {mint(API_PREFIX).value}"})
    return (await sync_to_async(client.get)("/integrated-account")).status_code


async def agents(address: str) -> int:
    path = "/integrated-account/9b2f1c34-52a1-4b1c-8a58-0d3a55a3f7aa/tools"
    headers = {"Authorization": f"Bearer {mint(API_PREFIX).value}"}
    return (await from_address(address).get(path, headers=headers)).status_code


def counted(surface: str) -> float:
    return REGISTRY.get_sample_value("patchbay_unknown_tokens_total", {"surface": surface}) or 0


def lines(caplog: pytest.LogCaptureFixture, *names: str) -> list[tuple[object, ...]]:
    told = [line for line in caplog.records if hasattr(line, "notice")]
    return [tuple(getattr(line, name) for name in ("notice", "client", *names)) for line in told]


@pytest.mark.parametrize(
    ("attempt", "surface", "status", "network"),
    [(mcp, "mcp", 404, 1), (management, "rest", 401, 2), (agents, "rest", 401, 3)],
    ids=["mcp", "management", "agents"],
)
async def test_guesses_from_one_network_are_one_line_and_all_are_counted(
    attempt: Attempt, surface: str, status: int, network: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = counted(surface)
    for guess in range(MANY_ATTEMPTS - 1):
        assert await attempt(f"198.51.{network}.{guess}") == status
    assert lines(caplog) == []
    for guess in range(MANY_ATTEMPTS):
        await attempt(f"198.51.{network}.{guess}")
    told = [("unknown_tokens", f"198.51.{network}.0/24", surface, MANY_ATTEMPTS)]
    assert lines(caplog, "surface", "count") == told
    assert counted(surface) - before == 2 * MANY_ATTEMPTS - 1


async def test_a_second_token_that_opens_nothing_counts_and_a_path_without_a_token_does_not(
    account: IntegratedAccount,
) -> None:
    create = sync_to_async(create_server)
    _, token = await create(account, "tests", name="G", methods=[], tags=[], require_api_token_auth=True)
    before = counted("mcp")
    assert await mcp("198.51.4.1", token) == 401  # a client that asks what it has to send
    assert await mcp("198.51.4.1", token, "Bearer pbapi_wrong") == 401
    assert counted("mcp") - before == 1


@pytest.mark.parametrize(("kept", "client"), [("truncated", "203.0.113.0/24"), ("full", "203.0.113.9"), ("none", "-")])
async def test_a_token_that_comes_from_outside_its_networks_is_told_once(
    environment: Environment, settings: Settings, caplog: pytest.LogCaptureFixture, kept: str, client: str
) -> None:
    settings.CLIENT_ADDRESSES = kept
    issue = sync_to_async(ApiToken.objects.issue)
    row, value = await issue(environment=environment, name="t", role=Role.VIEWER, owner=None, networks=["10.0.0.0/8"])
    program = Client(REMOTE_ADDR="203.0.113.9", headers={"Authorization": f"Bearer {value}"})
    for _ in range(5):
        assert (await sync_to_async(program.get)("/integrated-account")).status_code == 403
    assert lines(caplog, "token_id") == [("token_elsewhere", client, str(row.pk))]
    assert value not in caplog.text
