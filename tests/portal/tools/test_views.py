"""The Tools tab: every method of the definition, what makes a tool and what does not, and one method from near."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import IntegratedAccount, Role, User
from mcpservers.lifecycle import create_server
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser
from tools.models import Call, Documentation
from tools.record.keys import CallKeys
from tools.record.rollups import add_up

LIST = "list_all_fuse_desk_cases"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def tim(people: People) -> Client:
    """The browser of a viewer."""
    return browser(people.teammate)


def page(client: Client, account: IntegratedAccount, rest: str = "") -> str:
    """Return a page of the tab."""
    response = client.get(f"/accounts/{account.pk}/tools{rest}")
    assert response.status_code == 200
    return as_read(response.content.decode())


def change(resource: str, method: str, **values: object) -> None:
    """Change a record as its editor does."""
    record = Documentation.objects.get(resource=resource, method=method)
    for name, value in values.items():
        setattr(record, name, value)
    record.save()


def called(account: IntegratedAccount, tool: str, outcome: str) -> tuple[int, datetime]:
    """Note a call; return its number, and when it began."""
    call = Call.objects.create(
        environment_id=account.environment_id, account_id=account.pk, via="mcp", tool=tool, access="read",
        outcome=outcome, started_at=datetime.now(UTC), duration_ms=12.0,
    )  # fmt: skip
    return call.pk, call.started_at


def test_every_method_is_listed_with_what_it_comes_to(tim: Client, account: IntegratedAccount) -> None:
    change("cases", "list", published=False)
    change("cases", "get", description="Too short.")
    Documentation.objects.get(resource="chats", method="list").delete()
    shown = page(tim, account)
    for words in ("Withdrawn", "Draft", "Not documented", "chats.list", "update_a_fuse_desk_case_by_id"):
        assert words in shown
    assert "Edit documentation" not in shown
    withdrawn = page(tim, account, "?state=withdrawn")
    assert LIST in withdrawn
    assert "update_a_fuse_desk_case_by_id" not in withdrawn


def test_a_search_finds_tools_by_name_and_title_and_says_when_there_is_none(
    tim: Client, account: IntegratedAccount
) -> None:
    found = page(tim, account, "?q=ADD+a+note")
    assert "fuse_desk_cases_add_note" in found
    assert LIST not in found
    assert "Nothing matches" in page(tim, account, "?q=unicorn")


def test_calls_and_failures_of_thirty_days_stand_beside_a_tool(tim: Client, account: IntegratedAccount) -> None:
    add_up(CallKeys.of(called(account, LIST, outcome) for outcome in ("ok", "ok", "ok", "refused")))
    shown = page(tim, account)
    assert f'tool={LIST}&amp;period=30d">4</a>' in shown
    assert "25 %" in shown
    one = page(tim, account, "/cases/list")
    assert "25 % failed" in one


def test_one_tool_is_shown_as_a_client_sees_it(tim: Client, account: IntegratedAccount) -> None:
    create_server(account, "tests", name="Readers", methods=["read"], tags=[])
    create_server(account, "tests", name="Writers", methods=["write"], tags=[])
    shown = page(tim, account, "/cases/list")
    for words in ("GET /v1/cases", "&quot;inputSchema&quot;", "whole number, 1 to 100", "Readers", "score 100 of 100"):
        assert words in shown
    assert "Writers" not in shown
    assert "admin/tools/documentation" not in shown


def test_a_method_without_a_tool_says_why_and_leads_an_editor_on(
    people: People, tim: Client, account: IntegratedAccount
) -> None:
    change("cases", "get", description="Too short.")
    Documentation.objects.get(resource="chats", method="list").delete()
    assert "description" in page(tim, account, "/cases/get")
    assert "Nobody has documented this method" in page(tim, account, "/chats/list")
    User.objects.filter(pk=people.owner.pk).update(is_staff=True, is_superuser=True)
    ana = browser(people.owner)
    assert "Write documentation" in page(ana, account, "/chats/list")
    assert "Edit documentation" in page(ana, account, "/cases/get")


def test_words_of_a_record_are_never_html(tim: Client, account: IntegratedAccount) -> None:
    change("cases", "list", title=HOSTILE, description=f"{HOSTILE} lists the cases of the help desk, newest first.")
    for rest in ("", "/cases/list"):
        shown = page(tim, account, rest)
        assert HOSTILE not in shown
        assert "&lt;img" in shown


def test_a_method_that_is_not_there_is_not_found(tim: Client, account: IntegratedAccount) -> None:
    assert tim.get(f"/accounts/{account.pk}/tools/cases/nothing").status_code == 404


def test_others_see_nothing(people: People, account: IntegratedAccount) -> None:
    assert people.elsewhere.memberships.filter(role=Role.ADMIN).exists()
    for rest in ("", "/cases/list"):
        assert browser(people.outsider).get(f"/accounts/{account.pk}/tools{rest}").status_code == 404


def test_an_integration_that_cannot_be_read_is_said(tim: Client, account: IntegratedAccount) -> None:
    account.integration.definition = {"name": "fuse_desk"}
    account.integration.save()
    assert "cannot be read, so it has no methods" in page(tim, account)


def test_more_calls_and_tools_do_not_take_more_queries(tim: Client, account: IntegratedAccount) -> None:
    page(tim, account)
    with CaptureQueriesContext(connection) as few:
        page(tim, account, "?state=exposed&q=session")
    add_up(CallKeys.of(called(account, f"tool_{number}", "ok") for number in range(20)))
    with CaptureQueriesContext(connection) as many:
        page(tim, account)
    assert len(many) == len(few) <= 12
