"""What bad documentation costs, beside each record: calls, failures, arguments that did not fit."""

import pytest
from django.test import Client

from accounts.models import IntegratedAccount
from tests.admin_site import browser, listing, page, queries, staff, superuser
from tests.calls import TOOL, note_of, record
from tools.models import Documentation

pytestmark = pytest.mark.django_db(transaction=True)

MISFIT = f"The arguments do not fit {TOOL}. limit: 500 is greater than the maximum of 100."


@pytest.fixture
def row(account: IntegratedAccount) -> Documentation:
    return Documentation.objects.select_related("integration").get(resource="cases", method="list")


@pytest.fixture
def root() -> Client:
    return browser(superuser())


def use(account: IntegratedAccount) -> None:
    """Note ten calls: seven that succeeded, two whose arguments did not fit, one that the vendor refused."""
    record(
        *(note_of(account) for _ in range(7)),
        *(note_of(account, outcome="invalid", error=MISFIT) for _ in range(2)),
        note_of(account, outcome="refused", error="<b>No</b> such case."),
    )


def test_the_list_tells_calls_and_failures_of_each_tool(
    root: Client, row: Documentation, account: IntegratedAccount
) -> None:
    use(account)
    shown = root.get(listing(row, q="List+cases")).content.decode()
    assert f'href="/admin/tools/call/?tool={TOOL}">10</a>' in shown
    assert "30 %" in shown
    assert root.get(f"/admin/tools/call/?tool={TOOL}").status_code == 200


def test_the_editor_names_what_models_got_wrong(root: Client, row: Documentation, account: IntegratedAccount) -> None:
    assert "No call of" in root.get(page(row)).content.decode()
    use(account)
    shown = root.get(page(row)).content.decode()
    for words in ("3, 30 %", "2 lately", "limit: 500 is greater than the maximum of 100.", "2 times"):
        assert words in shown
    assert "No</b> such case" not in shown


def test_what_was_sent_is_for_those_who_may_see_calls(row: Documentation, account: IntegratedAccount) -> None:
    use(account)
    editor = browser(staff("tools.change_documentation", "tools.view_documentation"))
    shown = editor.get(page(row)).content.decode()
    assert "3, 30 %" in shown
    assert "greater than the maximum" not in shown
    assert "/admin/tools/call/" not in shown


def test_usage_takes_as_many_queries_for_many_records_as_for_one(
    root: Client, row: Documentation, account: IntegratedAccount
) -> None:
    use(account)
    assert queries(root, listing(row, q="List+cases")) == queries(root, listing(row)) <= 9
