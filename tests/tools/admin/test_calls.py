"""Admin pages of the record of calls."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import IntegratedAccount
from tests.admin_site import browser, listing, page, queries, superuser
from tools.models import Call

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    return browser(superuser())


def call(account: IntegratedAccount | None = None, **values: Any) -> Call:
    fields: dict[str, Any] = {
        "environment_id": uuid.uuid4(),
        "account_id": account.pk if account else uuid.uuid4(),
        "via": "mcp",
        "tool": "list_all_fuse_desk_cases",
        "access": "read",
        "outcome": "ok",
        "started_at": timezone.now(),
    }
    return Call.objects.create(**{**fields, **values})


def test_what_clients_and_vendors_wrote_is_shown_as_text(root: Client, account: IntegratedAccount) -> None:
    evil = "<script>alert(1)</script>"
    row = call(account, client=evil, error=evil, arguments={"note": evil}, outcome="refused")
    for address in (page(row), listing(row)):
        shown = root.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in shown
        assert evil not in shown


def test_a_call_names_its_account_or_says_that_it_is_gone(root: Client, account: IntegratedAccount) -> None:
    assert "Acme FuseDesk" in root.get(page(call(account))).content.decode()
    assert "(gone)" in root.get(page(call())).content.decode()


def test_calls_cannot_be_made_up_changed_or_deleted(root: Client) -> None:
    row = call()
    assert root.get("/admin/tools/call/add/").status_code == 403
    assert root.post(page(row), {"tool": "other"}).status_code == 403
    assert root.post(page(row, "delete"), {"post": "yes"}).status_code == 403


def test_calls_are_found_by_outcome_server_and_words(root: Client, account: IntegratedAccount) -> None:
    server = uuid.uuid4()
    call(account, tool="tool_a", server_id=server)
    call(account, tool="tool_b", outcome="refused", error="No such case")
    for query, found in (
        ("outcome__exact=refused", "tool_b"),
        (f"server_id={server}", "tool_a"),
        ("q=No+such", "tool_b"),
    ):
        shown = root.get(f"{listing(Call)}?{query}").content.decode()
        assert {name for name in ("tool_a", "tool_b") if name in shown} == {found}


def test_no_list_counts_the_record_or_reads_it_for_a_filter(root: Client, account: IntegratedAccount) -> None:
    call(account)
    for query in ("", "?outcome__exact=ok", "?access=read", "?q=cases", "?p=2"):
        with CaptureQueriesContext(connection) as asked:
            assert root.get(listing(Call) + query).status_code == 200
        about_calls = [each["sql"] for each in asked if 'FROM "tools_call"' in each["sql"]]
        assert about_calls
        assert not [sql for sql in about_calls if "COUNT(" in sql or "DISTINCT" in sql]


def test_a_search_says_how_far_it_looks_and_looks_no_further(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "newest 50,000 calls" in root.get(listing(Call)).content.decode()
    monkeypatch.setattr("tools.admin.calls.SEARCHED", 1)
    call(tool="tool_older")
    call(tool="tool_newer")
    shown = root.get(f"{listing(Call)}?q=tool").content.decode()
    assert "tool_newer" in shown
    assert "tool_older" not in shown


def test_calls_are_parted_by_what_they_do(root: Client) -> None:
    call(tool="tool_a")
    call(tool="tool_b", access="write")
    shown = root.get(f"{listing(Call)}?access=write").content.decode()
    assert "tool_b" in shown
    assert "tool_a" not in shown


def test_the_list_takes_as_many_queries_for_many_calls_as_for_one(root: Client, account: IntegratedAccount) -> None:
    moment = timezone.now()
    call(account, started_at=moment)
    one = queries(root, listing(Call))
    for _ in range(20):
        call(account, started_at=moment)
    assert queries(root, listing(Call)) == one <= 10
