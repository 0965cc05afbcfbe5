"""The list of accounts, the overview of one, and disconnecting it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Environment, IntegratedAccount, Integration
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy
from tools.models import Call
from tools.record.keys import CallKeys
from tools.record.rollups import add_up

HOSTILE = "<script>alert(1)</script>\"'>"


@pytest.fixture
def ana(people: People) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


def page(client: Client, path: str) -> str:
    """Return a page."""
    return as_read(client.get(path).content.decode())


def make_accounts(environment: Environment, integration: Integration, count: int) -> list[IntegratedAccount]:
    """Make accounts that nobody calls."""
    return IntegratedAccount.objects.bulk_create(
        IntegratedAccount(environment=environment, integration=integration, name=f"Desk {number:03}")
        for number in range(count)
    )


def test_members_see_their_accounts_and_outsiders_do_not(people: People, account: IntegratedAccount) -> None:
    for person in (people.owner, people.operator, people.teammate):
        assert account.name in page(browser(person), "/accounts")
        assert browser(person).get(f"/accounts/{account.pk}").status_code == 200
    outsider = browser(people.outsider)
    assert account.name not in page(outsider, "/accounts")
    for path in ("", "/mcp-servers", "/settings", "/disconnect", "/mcp-servers/create"):
        response = outsider.get(f"/accounts/{account.pk}{path}")
        assert response.status_code == 404
        assert account.name not in response.content.decode()


def test_a_row_tells_status_in_words_servers_and_tools(ana: Client, server: tuple[MCPServer, str]) -> None:
    account = server[0].account
    shown = page(ana, "/accounts")
    assert "Active" in shown
    assert f'<a href="/accounts/{account.pk}/mcp-servers">1<' in shown
    assert '<td data-label="Tools" class="number">43</td>' in shown
    account.status = account.Status.NEEDS_REAUTH
    account.save()
    assert "Needs to be connected again" in page(ana, "/accounts")


def test_an_empty_environment_teaches(people: People) -> None:
    assert "Connect your first account" in page(browser(people.owner), "/accounts")
    assert "Ask an admin of Production to connect one." in page(browser(people.teammate), "/accounts")


def test_accounts_are_found_by_name(ana: Client, environment: Environment, integration: Integration) -> None:
    make_accounts(environment, integration, 3)
    shown = page(ana, "/accounts?q=desk 001")
    assert "Desk 001" in shown
    assert "Desk 002" not in shown
    assert "matches “&lt;b&gt;”." in page(ana, "/accounts?q=<b>")


def test_accounts_are_found_by_status_and_integration(
    ana: Client, environment: Environment, integration: Integration
) -> None:
    make_accounts(environment, integration, 3)
    IntegratedAccount.objects.filter(name="Desk 001").update(status="needs_reauth")
    other = Integration.objects.create(name="other_desk", label="Other", definition=integration.definition)
    IntegratedAccount.objects.create(environment=environment, integration=other, name="Desk 009")
    for query, found in (
        ("?status=needs_reauth", {"Desk 001"}),
        ("?integration=other_desk", {"Desk 009"}),
        ("?status=active&integration=fuse_desk&q=00", {"Desk 000", "Desk 002"}),
        ("?status=nonsense", {"Desk 000", "Desk 001", "Desk 002", "Desk 009"}),
        ("?status=disabled", set()),
    ):
        shown = page(ana, f"/accounts{query}")
        names = ("Desk 000", "Desk 001", "Desk 002", "Desk 009")
        assert {name for name in names if f">{name}</a>" in shown} == found
    shown = page(ana, "/accounts?status=disabled")
    assert "Nothing matches" in shown
    assert "Connect your first account" not in shown
    assert '<option value="disabled" selected>' in shown


def test_the_list_comes_in_pages_that_keep_the_search(
    ana: Client, environment: Environment, integration: Integration
) -> None:
    make_accounts(environment, integration, 30)
    first = page(ana, "/accounts?q=desk")
    assert "Desk 024" in first
    assert "Desk 025" not in first
    assert "?q=desk&amp;page=2" in first
    assert "Desk 025" in page(ana, "/accounts?q=desk&page=2")
    assert "Desk 029" in page(ana, "/accounts?page=999")
    assert "Desk 000" in page(ana, "/accounts?page=nonsense")


def test_more_accounts_do_not_take_more_queries(
    ana: Client, environment: Environment, integration: Integration
) -> None:
    make_accounts(environment, integration, 2)
    page(ana, "/accounts")
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(ana, "/accounts")
    make_accounts(environment, integration, 20)
    with CaptureQueriesContext(connection) as many:
        page(ana, "/accounts")
    assert len(many) == len(few) <= 9


def test_names_cannot_bring_markup(ana: Client, account: IntegratedAccount) -> None:
    account.name = HOSTILE
    account.connection = {"app_name": HOSTILE}
    account.save()
    create_server(account, "tests", name=HOSTILE, methods=[], tags=[])
    ana.post(f"/accounts/{account.pk}/disable")
    for path in ("/accounts", *(f"/accounts/{account.pk}{last}" for last in ("", "/settings", "/disconnect"))):
        assert "<script>alert" not in page(ana, path)


def test_pages_are_strict_and_kept_in_no_cache(ana: Client, account: IntegratedAccount) -> None:
    for path in (
        "/accounts",
        f"/accounts/{account.pk}",
        f"/accounts/{account.pk}/",
        f"/accounts/{account.pk}/settings",
    ):
        response = ana.get(path)
        assert has_strict_policy(response)
        assert response.headers["Cache-Control"] == "private, no-store"
        shown = as_read(response.content.decode())
        assert "<script>" not in shown
        assert " style=" not in shown
        assert "<style" not in shown
        assert " onclick=" not in shown
        assert '"includeIndicatorStyles": false, "allowEval": false' in shown


def test_the_overview_says_what_it_is_whether_it_works_and_what_can_be_done(
    ana: Client, server: tuple[MCPServer, str]
) -> None:
    shown = page(ana, f"/accounts/{server[0].account_id}")
    for words in (
        "FuseDesk",
        "1 live",
        ">43</a>, of which 23 write",
        "App name",
        "Check now",
        "Disable",
        "Create MCP Server",
    ):
        assert words in shown


def test_viewers_see_the_overview_without_what_they_may_not_do(people: People, account: IntegratedAccount) -> None:
    shown = page(browser(people.teammate), f"/accounts/{account.pk}")
    for words in ("Check now", "Disable", "Create MCP Server", "/settings"):
        assert words not in shown


def test_an_account_that_cannot_be_used_says_why(ana: Client, account: IntegratedAccount) -> None:
    account.status = account.Status.NEEDS_REAUTH
    account.save()
    assert "no longer accepts the credentials" in page(ana, f"/accounts/{account.pk}")
    account.status = account.Status.DISABLED
    account.save()
    assert "This account is disabled" in page(ana, f"/accounts/{account.pk}")


def test_an_overview_tells_how_the_last_day_went(ana: Client, account: IntegratedAccount) -> None:
    shown = page(ana, f"/accounts/{account.pk}")
    assert f'<dd><a href="/accounts/{account.pk}/activity">0</a>' in shown
    calls = [
        Call.objects.create(
            environment_id=account.environment_id,
            account_id=account.pk,
            via=Call.Via.MCP,
            tool="list_all_fuse_desk_cases",
            access="read",
            outcome=outcome,
            error=error,
            started_at=timezone.now(),
        )
        for outcome, error in ((Call.Outcome.OK, ""), (Call.Outcome.UNREACHABLE, "FuseDesk took <b>30 s</b>."))
    ]
    add_up(CallKeys.of((call.pk, call.started_at) for call in calls))
    shown = page(ana, f"/accounts/{account.pk}")
    assert f'<a href="/accounts/{account.pk}/activity">2</a>' in shown
    assert f'<a class="bad" href="/accounts/{account.pk}/activity?outcome=failures">1 failed</a>' in shown
    assert f'<a href="/activity/calls/{calls[1].pk}">' in shown
    assert "FuseDesk took &lt;b&gt;30 s&lt;/b&gt;." in shown


def test_an_overview_shows_even_when_its_definition_is_broken(ana: Client, account: IntegratedAccount) -> None:
    account.integration.definition = {"name": "broken"}
    account.integration.save()
    account.integration.touch()
    shown = page(ana, f"/accounts/{account.pk}")
    assert "app_name" in shown
    assert ">0</a>, of which 0 write" in shown


def test_disconnecting_names_what_breaks(ana: Client, server: tuple[MCPServer, str]) -> None:
    Call.objects.create(
        environment_id=server[0].account.environment_id,
        account_id=server[0].account_id,
        server_id=server[0].pk,
        via=Call.Via.MCP,
        client="ChatGPT 1.0",
        tool="list_all_fuse_desk_cases",
        access="read",
        outcome=Call.Outcome.OK,
        started_at=timezone.now(),
    )
    shown = page(ana, f"/accounts/{server[0].account_id}/disconnect")
    assert "1 MCP server and its URL stop working at once" in shown
    assert "Triage Agent" in shown
    assert "1 call came in, from ChatGPT 1.0." in shown


def test_disconnecting_takes_the_account_s_name(ana: Client, server: tuple[MCPServer, str]) -> None:
    path = f"/accounts/{server[0].account_id}/disconnect"
    for typed, reason in (
        ("", "Type the account&#x27;s name."),
        ("acme fusedesk", "This is not the account&#x27;s name."),
    ):
        response = ana.post(path, {"confirmation": typed})
        assert response.status_code == 422
        assert reason in response.content.decode()
    assert IntegratedAccount.objects.exists()
    response = ana.post(path, {"confirmation": "Acme FuseDesk"})
    assert response.headers["Location"] == "/accounts"
    assert not IntegratedAccount.objects.exists()
    assert not MCPServer.objects.exists()
    assert "Acme FuseDesk is disconnected." in page(ana, "/accounts")


def test_only_admins_disconnect(people: People, account: IntegratedAccount) -> None:
    path = f"/accounts/{account.pk}/disconnect"
    for person, status in ((people.operator, 403), (people.teammate, 403), (people.outsider, 404)):
        assert browser(person).post(path, {"confirmation": account.name}).status_code == status
    assert IntegratedAccount.objects.exists()


def test_a_script_gets_the_confirmation_without_the_frame(ana: Client, account: IntegratedAccount) -> None:
    fragment = ana.get(f"/accounts/{account.pk}/disconnect", headers={"HX-Request": "true"}).content.decode()
    assert "Type “Acme FuseDesk” to confirm" in fragment
    assert "<html" not in fragment
