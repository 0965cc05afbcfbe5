"""Creating an MCP server in the portal: choices, consequences, the URL that is shown once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from portal.servers.clients import commands_for, is_public
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy
from tools.models import Documentation

HTMX = {"HX-Request": "true"}
FORM = {"name": "Triage Agent", "access": "read", "ends": "30", "time_zone": "UTC"}


@pytest.fixture
def olga(people: People) -> Client:
    """The browser of an operator."""
    return browser(people.operator)


def path(account: IntegratedAccount, last: str = "create") -> str:
    """Return the path of the form, or of its preview."""
    return f"/accounts/{account.pk}/mcp-servers/{last}"


def create(client: Client, account: IntegratedAccount, **changes: object) -> str:
    """Send the form; return what comes back."""
    return as_read(client.post(path(account), {**FORM, **changes}).content.decode())


def token_in(shown: str) -> str:
    """Return the token of the URL that a page shows."""
    return shown.partition("/mcp/")[2].partition('"')[0]


def test_operators_create_and_viewers_and_outsiders_do_not(people: People, account: IntegratedAccount) -> None:
    for person, status in (
        (people.owner, 200),
        (people.operator, 200),
        (people.teammate, 403),
        (people.outsider, 404),
    ):
        client = browser(person)
        assert client.get(path(account)).status_code == status
        assert client.post(path(account, "preview"), FORM).status_code == status
        assert client.post(path(account), FORM).status_code == status
    assert MCPServer.objects.count() == 2


def test_the_url_is_shown_once_and_never_again(
    olga: Client, account: IntegratedAccount, settings: pytest.FixtureRequest
) -> None:
    settings.PUBLIC_URL = "https://patchbay.example.com"  # type: ignore[attr-defined]
    response = olga.post(path(account), FORM)
    shown = response.content.decode()
    token = token_in(shown)
    server = MCPServer.objects.get()
    assert f'value="https://patchbay.example.com/mcp/{token}"' in shown
    assert bytes(server.digest) == tokens.digest(token)
    assert "This is the only time it is shown." in shown
    assert "no-store" in response.headers["Cache-Control"]
    assert has_strict_policy(response)
    for later in (f"/accounts/{account.pk}", path(account, ""), path(account, str(server.pk)), path(account)):
        assert token not in olga.get(later).content.decode()


def test_what_was_chosen_is_what_is_made(olga: Client, account: IntegratedAccount, people: People) -> None:
    create(olga, account, tags=["support"], authentication="api_token")
    server = MCPServer.objects.get()
    assert (server.name, server.methods, server.tags) == ("Triage Agent", ["read"], ["support"])
    assert (server.require_api_token_auth, server.created_by) == (True, people.operator.username)
    assert server.expires_at is not None
    assert abs(server.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("choice", "methods"),
    [
        ({"access": "read", "methods": ["write"]}, ["read"]),
        ({"access": "read_write"}, ["read", "write", "custom"]),
        ({"access": "choose", "methods": ["read", "reply"]}, ["read", "reply"]),
    ],
)
def test_access_becomes_a_method_filter(
    olga: Client, account: IntegratedAccount, choice: dict[str, object], methods: list[str]
) -> None:
    create(olga, account, **choice)
    assert MCPServer.objects.get().methods == methods


def test_a_date_and_time_are_meant_in_the_reader_s_zone(olga: Client, account: IntegratedAccount) -> None:
    create(olga, account, ends="at", ends_at="2099-07-01T18:00", time_zone="Europe/Vienna")
    assert MCPServer.objects.get().expires_at == datetime(2099, 7, 1, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "\0"])
def test_a_zone_that_is_not_known_is_taken_as_utc(olga: Client, account: IntegratedAccount, zone: str) -> None:
    create(olga, account, ends="at", ends_at="2099-07-01T18:00", time_zone=zone)
    assert MCPServer.objects.get().expires_at == datetime(2099, 7, 1, 18, 0, tzinfo=UTC)


def test_a_server_may_have_no_end(olga: Client, account: IntegratedAccount) -> None:
    create(olga, account, ends="")
    assert MCPServer.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "Give the server a name."),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"access": "choose"}, "Choose at least one group or method."),
        ({"access": "choose", "methods": ["explode"]}, "explode is not one of the available choices"),
        ({"tags": ["nothing"]}, "nothing is not one of the available choices"),
        ({"access": "choose", "methods": ["reply"], "tags": ["crm"]}, "No tool matches all the filters"),
        ({"ends": "at"}, "Give the date and the time"),
        ({"ends": "at", "ends_at": "soon"}, "Give a date and a time, such as"),
        ({"ends": "at", "ends_at": "9999-12-31T23:59", "time_zone": "America/Lima"}, "Give a year from 2000 to 9000."),
        ({"ends": "at", "ends_at": "2020-01-01T00:00"}, "This is past, or less than a minute ahead."),
    ],
)
def test_a_refusal_stands_in_the_form_and_keeps_the_input(
    olga: Client, account: IntegratedAccount, changes: dict[str, object], reason: str
) -> None:
    response = olga.post(path(account), {**FORM, "name": "Kept name", "authentication": "api_token", **changes})
    shown = response.content.decode()
    assert response.status_code == 422
    assert reason in shown
    assert "name" in changes or 'value="Kept name"' in shown
    assert "checked" in shown.partition('value="api_token"')[2].partition(">")[0]
    assert not MCPServer.objects.exists()


def test_choices_come_from_the_account_s_catalogue(olga: Client, account: IntegratedAccount) -> None:
    shown = olga.get(path(account)).content.decode()
    for words in ("read (16)", "write (12)", "custom (16)", "list (8)", "reply (1)", "support (25)", "crm (4)"):
        assert words in shown


def test_the_page_tells_beforehand_what_will_be_exposed(olga: Client, account: IntegratedAccount) -> None:
    shown = olga.get(path(account)).content.decode()
    assert re.search(r"16 tools · about \d,\d{3}", shown)
    assert "list_all_fuse_desk_cases" in shown
    consequences = shown.partition("This server will expose")[2]
    assert "create_a_fuse_desk_case" not in consequences
    assert "All of them only read" in shown


def test_the_preview_follows_the_choices_even_before_there_is_a_name(olga: Client, account: IntegratedAccount) -> None:
    def preview(**choice: object) -> str:
        return as_read(olga.post(path(account, "preview"), {**FORM, "name": "", **choice}).content.decode())

    assert "16 tools" in preview()
    assert "4 tools" in preview(access="read_write", tags=["crm"])
    assert "2 of them write in FuseDesk" in preview(access="read_write", tags=["crm"])
    assert "1 of them writes in FuseDesk" in preview(access="choose", methods=["reply"])
    assert "Nothing: no tool matches all" in preview(access="choose", methods=["reply"], tags=["crm"])
    assert "Choose at least one group or method." in preview(access="choose")
    assert "More than 40 tools" in preview(access="choose", methods=["read", "write", "custom"])
    assert "Never ends on its own" in preview(ends="")
    assert "Clients need the URL and an API token" in preview(authentication="api_token")
    assert "<html" not in preview()


def test_a_heavy_listing_is_warned_of(olga: Client, account: IntegratedAccount) -> None:
    everything = {**FORM, "access": "choose", "methods": ["read", "write", "custom"]}
    assert "25,000 tokens" not in olga.post(path(account, "preview"), everything).content.decode()
    Documentation.objects.update(description="Words that a model reads in every conversation. " * 40)
    account.integration.touch()
    assert "More than 25,000 tokens" in olga.post(path(account, "preview"), everything).content.decode()


def test_an_account_without_tools_says_so(olga: Client, account: IntegratedAccount) -> None:
    Documentation.objects.all().delete()
    account.integration.touch()
    shown = create(olga, account)
    assert "FuseDesk has no documented tool yet" in shown


def test_a_script_gets_the_form_and_the_url_without_the_frame(olga: Client, account: IntegratedAccount) -> None:
    assert "<html" not in olga.get(path(account), headers=HTMX).content.decode()
    refused = olga.post(path(account), {**FORM, "name": ""}, headers=HTMX)
    assert refused.status_code == 422
    assert "<html" not in refused.content.decode()
    made = olga.post(path(account), FORM, headers=HTMX).content.decode()
    assert "<html" not in made
    assert token_in(made).startswith("pbmcp_")


def test_each_client_gets_its_steps(olga: Client, account: IntegratedAccount) -> None:
    shown = create(olga, account, name="Triage <Agent> & friends")
    for words in (
        "Settings → Apps → Advanced settings",
        "Developer mode",
        "Settings → Connectors",
        "Add custom connector",
        "claude mcp add --transport http triage-agent-friends http",
        "npx -y mcp-remote http",
        "curl -sS http",
    ):
        assert words in shown
    assert "accepts only public HTTPS addresses" in shown
    assert "<Agent>" not in shown


def test_a_server_that_asks_for_a_token_says_which_clients_can_send_one(
    olga: Client, account: IntegratedAccount
) -> None:
    shown = create(olga, account, authentication="api_token")
    assert "ChatGPT's form for connectors cannot send an API token" in shown
    assert "Authorization: Bearer $PATCHBAY_API_TOKEN" in shown
    assert "Developer mode" not in shown


def test_commands_fit_the_clients() -> None:
    plain = commands_for("https://p.example/mcp/t", "Ünïcode & Co", with_api_token=False)
    assert plain["claude_code"] == "claude mcp add --transport http unicode-co https://p.example/mcp/t"
    assert plain["stdio"] == "npx -y mcp-remote https://p.example/mcp/t"
    assert "Authorization" not in plain["curl"]
    local = commands_for("http://127.0.0.1:8000/mcp/t", "日本", with_api_token=True)
    assert " patchbay http://127.0.0.1:8000/mcp/t \\\n  --header" in local["claude_code"]
    assert "--allow-http" not in local["stdio"]
    assert "--allow-http" in commands_for("http://p.example/mcp/t", "a", with_api_token=False)["stdio"]


@pytest.mark.parametrize(
    ("url", "public"),
    [("https://p.example/mcp/t", True), ("http://p.example/mcp/t", False), ("https://localhost/mcp/t", False)],
)
def test_clients_in_the_cloud_reach_public_https_only(url: str, public: bool) -> None:
    assert is_public(url) is public
