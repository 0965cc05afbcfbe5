"""Networks of API tokens: how they are read, and where a token is refused, over REST, the agents' API and MCP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from accounts import tokens
from accounts.api_tokens.issue import issue_token
from accounts.errors import NetworkInvalid
from accounts.models import ApiToken, Environment, IntegratedAccount, Role
from accounts.web.networks import MOST_NETWORKS, address_of, holds, lies_within, parse_networks
from config.asgi import application
from mcpservers.lifecycle import create_server
from tests.rest import Rest, reasons

HERE, THERE = "203.0.113.7", "198.51.100.9"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
    ],
)
def test_a_network_is_kept_in_its_usual_form(given: str, kept: str) -> None:
    assert parse_networks([given, given]) == [kept]


@pytest.mark.parametrize(
    "given",
    ["", "everywhere", "203.0.113.7/24", "203.0.113.0/33", "fe80::1%eth0", "1" * 5000, "10.0.0.0/8/8", "٣.0.0.0"],
)
def test_what_is_no_network_is_refused(given: str) -> None:
    with pytest.raises(NetworkInvalid, match="Give"):
        parse_networks([given])


def test_there_are_not_more_than_twenty() -> None:
    with pytest.raises(NetworkInvalid, match="At most 20"):
        parse_networks([f"10.0.0.{number}" for number in range(MOST_NETWORKS + 1)])


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        (HERE, True),
        (f"::ffff:{HERE}", True),
        ("2001:db8::1", True),
        ("2001:db8::1%eth0", True),
        (THERE, False),
        ("2001:db9::1", False),
        ("", False),
        ("testclient", False),
        ("unix:", False),
    ],
)
def test_an_address_is_in_a_network_whatever_wraps_it(address: str, inside: bool) -> None:
    assert holds(["203.0.113.0/24", "2001:db8::/32"], address_of(address)) is inside


def test_one_network_lies_in_another_of_its_own_kind() -> None:
    assert lies_within("10.1.0.0/16", ["192.0.2.0/24", "10.0.0.0/8"])
    assert not lies_within("10.0.0.0/7", ["10.0.0.0/8"])
    assert not lies_within("0.0.0.0/0", ["::/0"])


def bound(environment: Environment, *networks: str) -> tuple[ApiToken, str]:
    return issue_token(environment, "tests", name="bound", role=Role.VIEWER, networks=networks or [f"{HERE}/32"])


def asked(value: str, address: str) -> Any:
    return Client(headers={"Authorization": f"Bearer {value}"}, REMOTE_ADDR=address).get("/integrated-account")


def test_rest_refuses_a_token_from_elsewhere_and_names_the_address(environment: Environment) -> None:
    row, value = bound(environment)
    assert asked(value, HERE).status_code == 200
    refused = asked(value, THERE)
    assert refused.status_code == 403
    assert THERE in refused.json()["detail"]
    assert row.name not in refused.content.decode()
    assert asked(tokens.mint(tokens.API_PREFIX).value, THERE).status_code == 401
    ApiToken.objects.update(revoked_at="2020-01-01T00:00:00Z")
    assert asked(value, THERE).status_code == 401


def test_the_address_of_the_last_use_is_kept_and_that_of_a_refused_one_is_not(
    environment: Environment, time_machine: Any
) -> None:
    row, value = bound(environment, "203.0.113.0/24")
    asked(value, THERE)
    row.refresh_from_db()
    assert (row.last_used_at, row.last_used_address) == (None, None)
    asked(value, f"::ffff:{HERE}")
    row.refresh_from_db()
    assert row.last_used_address == HERE
    asked(value, "203.0.113.8")
    row.refresh_from_db()
    assert row.last_used_address == HERE
    time_machine.move_to(timezone.now() + timedelta(seconds=61))
    asked(value, "203.0.113.8")
    row.refresh_from_db()
    assert row.last_used_address == "203.0.113.8"


def test_rest_takes_networks_and_says_what_is_wrong_with_them(admin_token: str) -> None:
    rest, body = Rest(admin_token), {"name": "x", "role": "viewer"}
    assert rest.post("/api-token", {**body, "networks": [HERE]}).json()["networks"] == [f"{HERE}/32"]
    for wrong in ("10.0.0.0/8", [5], [["10.0.0.0/8"]], ["10.0.0.1/8"], ["x" * 51], ["10.0.0.0/8"] * 21, {"a": 1}):
        assert [field.partition("[")[0] for field in reasons(rest.post("/api-token", {**body, "networks": wrong}))] == [
            "networks"
        ]


@pytest.mark.django_db(transaction=True)
async def test_the_agents_api_refuses_a_token_from_elsewhere(
    environment: Environment, account: IntegratedAccount
) -> None:
    _, value = await sync_to_async(bound)(environment)
    path, headers = f"/integrated-account/{account.pk}/tools", {"Authorization": f"Bearer {value}"}
    for address, status in ((HERE, 200), (THERE, 403), (HERE, 200), (THERE, 403)):
        transport = httpx.ASGITransport(app=application, client=(address, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get(path, headers=headers)).status_code == status


@pytest.mark.django_db(transaction=True)
class TestMcp:
    """The second authentication of an MCP server, its streams among it, behind the proxy middleware that runs."""

    @pytest.fixture
    def guarded(self, account: IntegratedAccount) -> str:
        _, token = create_server(account, "tests", name="G", methods=["read"], tags=[], require_api_token_auth=True)
        return f"/mcp/{token}"

    async def send(self, path: str, value: str, *, peer: str, forwarded: str = "", stream: bool = False) -> Any:
        headers = {"Authorization": f"Bearer {value}", "Accept": "application/json, text/event-stream"}
        if forwarded:
            headers["X-Forwarded-For"] = forwarded
        behind = ProxyHeadersMiddleware(application, trusted_hosts="127.0.0.1")  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app=behind, client=(peer, 5000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            if stream:
                return await client.get(path, headers=headers)
            return await client.post(path, json=PING, headers=headers)

    async def test_a_token_from_elsewhere_is_refused_and_told_the_address(
        self, environment: Environment, guarded: str
    ) -> None:
        _, value = await sync_to_async(bound)(environment, HERE, "2001:db8::/32")
        for peer in (HERE, f"::ffff:{HERE}", "2001:db8::5"):
            assert (await self.send(guarded, value, peer=peer)).status_code == 200
        for stream in (False, True):
            refused = await self.send(guarded, value, peer=THERE, stream=stream)
            assert refused.status_code == 403
            assert THERE in refused.text

    async def test_a_forwarded_address_counts_only_from_a_proxy_that_is_trusted(
        self, environment: Environment, guarded: str
    ) -> None:
        _, value = await sync_to_async(bound)(environment)
        assert (await self.send(guarded, value, peer="127.0.0.1", forwarded=HERE)).status_code == 200
        assert (await self.send(guarded, value, peer="127.0.0.1", forwarded=f"{HERE}, {THERE}")).status_code == 403
        assert (await self.send(guarded, value, peer=THERE, forwarded=HERE)).status_code == 403
