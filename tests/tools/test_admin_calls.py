"""Admin pages of the record of calls."""

import uuid
from typing import Any

import pytest
from django.test import Client
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


def test_the_list_takes_as_many_queries_for_many_calls_as_for_one(root: Client, account: IntegratedAccount) -> None:
    moment = timezone.now()
    call(account, started_at=moment)
    one = queries(root, listing(Call))
    for _ in range(20):
        call(account, started_at=moment)
    assert queries(root, listing(Call)) == one <= 10
