"""The MCP Servers tab: the table, one server, and what its rows can do."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.models import AuditEntry, IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser
from tests.servers import made_in_every_status
from tools.models import Call

NAME = re.compile(r'<th scope="row"><a href="[^"]+">([^<]+)</a>')
HOSTILE = "<script>alert(1)</script>\"'>"


@pytest.fixture
def olga(people: People) -> Client:
    """The browser of an operator."""
    return browser(people.operator)


def tab(account: IntegratedAccount, rest: str = "") -> str:
    """Return a path of the tab."""
    return f"/accounts/{account.pk}/mcp-servers{rest}"


def page(client: Client, path: str) -> str:
    """Return a page."""
    return as_read(client.get(path).content.decode())


def test_an_empty_tab_teaches(people: People, account: IntegratedAccount) -> None:
    shown = page(browser(people.operator), tab(account))
    assert "No MCP server yet" in shown
    assert "Create MCP Server" in shown
    viewer = page(browser(people.teammate), tab(account))
    assert "Create MCP Server" not in viewer
    assert "requires the role “operator”" in viewer


def test_a_row_tells_what_a_server_exposes_until_when_and_to_whom(olga: Client, account: IntegratedAccount) -> None:
    server, token = create_server(
        account,
        "tests",
        name="Triage Agent",
        methods=["read"],
        tags=["support"],
        require_api_token_auth=True,
        expires_at=timezone.now() + timedelta(days=1),
    )
    shown = page(olga, tab(account))
    for words in (
        "Triage Agent",
        "12 tools</a> · read",
        "support",
        "URL and API token",
        "Live",
        f"…{server.last_four}",
        "soon: ",
    ):
        assert words in shown
    assert f'datetime="{server.expires_at:%Y-%m-%dT%H:%M}' in shown
    assert token not in shown


def test_states_are_words(olga: Client, account: IntegratedAccount) -> None:
    made_in_every_status(account)
    shown = page(olga, tab(account))
    for words in ("Live", "Paused", "Expired", "ended"):
        assert words in shown


def test_many_servers_are_found_by_name_end_of_url_and_status(olga: Client, account: IntegratedAccount) -> None:
    made_in_every_status(account)
    assert 'role="search" method="get" action="/accounts/' not in page(olga, tab(account))
    for number in range(8):
        create_server(account, "tests", name=f"Server {number}", methods=[], tags=[])
    assert f'role="search" method="get" action="{tab(account)}"' in page(olga, tab(account))
    end = MCPServer.objects.get(name="Server 3").last_four
    MCPServer.objects.exclude(name="Server 3").filter(last_four=end).update(last_four="none")
    for query, found in (
        ("?q=thr", {"Three"}),
        (f"?q={quote('…' + end)}", {"Server 3"}),
        ("?status=paused", {"Two"}),
        ("?status=expired", {"Three", "Four"}),
        ("?status=live&q=o", {"One"}),
        ("?status=nonsense&q=Server 1", {"Server 1"}),
    ):
        assert set(NAME.findall(page(olga, tab(account, query)))) == found
    shown = page(olga, tab(account, "?q=<b>&status=paused"))
    assert "matches “&lt;b&gt;”, status paused." in shown
    assert "No MCP server yet" not in shown
    assert "Create MCP Server" in shown


def test_more_servers_do_not_take_more_queries(olga: Client, account: IntegratedAccount) -> None:
    create_server(account, "tests", name="First", methods=[], tags=[])
    page(olga, tab(account))
    with CaptureQueriesContext(connection) as few:
        page(olga, tab(account))
    for number in range(20):
        create_server(account, "tests", name=f"Server {number}", methods=["read"], tags=[])
    with CaptureQueriesContext(connection) as many:
        page(olga, tab(account))
    assert len(many) == len(few) <= 8


def test_servers_come_in_pages(olga: Client, account: IntegratedAccount) -> None:
    for number in range(27):
        create_server(account, "tests", name=f"Server {number:02}", methods=[], tags=[])
    assert "Server 01" not in page(olga, tab(account))
    assert "Server 01" in page(olga, tab(account, "?page=2"))


def test_names_cannot_bring_markup(olga: Client, account: IntegratedAccount) -> None:
    server, _ = create_server(account, "tests", name=HOSTILE, methods=[], tags=[])
    olga.post(tab(account, f"/{server.pk}/pause"))
    for rest in ("", f"/{server.pk}", f"/{server.pk}/rotate", f"/{server.pk}/delete"):
        assert "<script>alert" not in page(olga, tab(account, rest))


def test_a_server_s_page_lists_the_tools_that_it_exposes(olga: Client, account: IntegratedAccount) -> None:
    server, _ = create_server(account, "tests", name="Triage Agent", methods=["list"], tags=["crm"])
    shown = page(olga, tab(account, f"/{server.pk}"))
    assert "list_all_fuse_desk_contacts" in shown
    assert "list_all_fuse_desk_cases" not in shown


def test_viewers_see_and_change_nothing_and_outsiders_find_nothing(
    people: People, server: tuple[MCPServer, str]
) -> None:
    row, _ = server
    for person, seen, done in ((people.teammate, 200, 403), (people.outsider, 404, 404)):
        client = browser(person)
        assert client.get(tab(row.account)).status_code == seen
        assert client.get(tab(row.account, f"/{row.pk}")).status_code == seen
        for action in ("pause", "resume", "rotate", "delete"):
            assert client.post(tab(row.account, f"/{row.pk}/{action}")).status_code == done
        for action in ("rotate", "delete"):
            assert client.get(tab(row.account, f"/{row.pk}/{action}")).status_code == done
    before = row.digest
    row.refresh_from_db()
    assert (bytes(row.digest), row.paused_at) == (bytes(before), None)
    assert "Pause" not in page(browser(people.teammate), tab(row.account))


def test_changes_take_a_post(olga: Client, server: tuple[MCPServer, str]) -> None:
    row, _ = server
    for action in ("pause", "resume"):
        assert olga.get(tab(row.account, f"/{row.pk}/{action}")).status_code == 405
    for action in ("rotate", "delete"):
        assert olga.get(tab(row.account, f"/{row.pk}/{action}")).status_code == 200
    row.refresh_from_db()
    assert row.revision == 1


def test_a_server_is_not_found_through_another_account(people: People, server: tuple[MCPServer, str]) -> None:
    row, _ = server
    other = IntegratedAccount.objects.create(
        environment=people.elsewhere, integration=row.account.integration, name="Other"
    )
    assert browser(people.outsider).post(tab(other, f"/{row.pk}/pause")).status_code == 404


def test_pausing_can_be_undone_from_its_message(olga: Client, server: tuple[MCPServer, str]) -> None:
    row, _ = server
    response = olga.post(tab(row.account, f"/{row.pk}/pause"))
    row.refresh_from_db()
    assert row.status() == "paused"
    shown = page(olga, response.headers["Location"])
    assert "Triage Agent is paused" in shown
    assert "Undo" in shown
    assert f'action="{tab(row.account, f"/{row.pk}/resume")}"' in shown
    olga.post(tab(row.account, f"/{row.pk}/resume"))
    row.refresh_from_db()
    assert row.status() == "live"
    assert AuditEntry.objects.filter(action="mcp_server.paused", actor="olga").exists()


def test_rotating_shows_a_new_url_once_and_ends_the_old(olga: Client, server: tuple[MCPServer, str]) -> None:
    row, old = server
    asked = page(olga, tab(row.account, f"/{row.pk}/rotate"))
    assert "stops working at once" in asked
    assert f"…{row.last_four}" in asked
    response = olga.post(tab(row.account, f"/{row.pk}/rotate"))
    shown = response.content.decode()
    row.refresh_from_db()
    new = shown.partition("/mcp/")[2].partition('"')[0]
    assert bytes(row.digest) == tokens.digest(new) != tokens.digest(old)
    assert "The old URL has stopped working." in shown
    assert "This is the only time it is shown." in shown
    assert "no-store" in response.headers["Cache-Control"]
    assert new not in page(olga, tab(row.account))
    assert new not in page(olga, tab(row.account, f"/{row.pk}"))


def test_deleting_names_what_breaks(olga: Client, server: tuple[MCPServer, str]) -> None:
    row, _ = server
    for client in ("ChatGPT 1.0", "ChatGPT 1.0", "<b>claude</b>"):
        Call.objects.create(
            environment_id=row.account.environment_id,
            account_id=row.account_id,
            server_id=row.pk,
            via=Call.Via.MCP,
            client=client,
            tool="list_all_fuse_desk_cases",
            access="read",
            outcome=Call.Outcome.OK,
            started_at=timezone.now(),
        )
    shown = page(olga, tab(row.account, f"/{row.pk}/delete"))
    assert "3 calls came in, from &lt;b&gt;claude&lt;/b&gt;, ChatGPT 1.0." in shown
    assert f"…{row.last_four}" in shown


def test_a_deleted_server_is_gone(olga: Client, server: tuple[MCPServer, str]) -> None:
    row, _ = server
    account = row.account
    response = olga.post(tab(account, f"/{row.pk}/delete"))
    assert not MCPServer.objects.exists()
    assert "Triage Agent is deleted" in page(olga, response.headers["Location"])
    gone = olga.post(tab(account, f"/{server[0].pk}/delete"))
    assert gone.status_code == 404
