"""What other pages say of calls."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from tests.calls import note_of, record
from tools.record.usage import SendersSeen, accounts_lately, senders_seen, tools_used, tools_used_everywhere

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_account_s_day_has_24_hours_its_errors_and_the_newest_of_them(
    account: IntegratedAccount, django_assert_num_queries: Any
) -> None:
    now = datetime(2027, 5, 6, 12, 20, tzinfo=UTC)
    record(
        note_of(account, started_at=now),
        note_of(account, started_at=now - timedelta(hours=3), outcome="refused", error="older"),
        note_of(account, started_at=now - timedelta(hours=1), outcome="failed", error="newer"),
        note_of(account, started_at=now - timedelta(hours=24), error="too old to be counted"),
    )
    idle = IntegratedAccount.objects.create(
        environment=account.environment, integration=account.integration, name="Idle"
    )
    with django_assert_num_queries(3):
        lately = accounts_lately([account.pk, idle.pk], now)
    assert (lately[account.pk].calls, lately[account.pk].errors) == (3, 2)
    assert lately[account.pk].hours == (*[0] * 20, 1, 0, 1, 1)
    newest = lately[account.pk].last_error
    assert newest is not None
    assert newest.error == "newer"
    assert (lately[idle.pk].calls, lately[idle.pk].last_error) == (0, None)
    assert accounts_lately([]) == {}


def test_tools_are_counted_by_environment_account_and_server(server: tuple[MCPServer, str]) -> None:
    row, account = server[0], server[0].account
    record(
        note_of(account, row.pk, tool="a"),
        note_of(account, row.pk, tool="a", outcome="refused"),
        note_of(account, None, tool="a"),
        note_of(account, None, tool="b"),
        note_of(account, None, tool="b", ago=60 * 60 * 24 * 40),
    )
    assert tools_used(account.environment_id)["a"].calls == 3
    assert tools_used(account.environment_id, account.pk)["b"].calls == 1
    used = tools_used(account.environment_id, account.pk, server_id=row.pk)
    assert set(used) == {"a"}
    assert (used["a"].calls, used["a"].error_rate) == (2, 50)
    assert tools_used_everywhere(["b", "c"]).keys() == {"b"}


def test_senders_are_those_of_the_newest_calls(account: IntegratedAccount) -> None:
    assert senders_seen(account.environment_id) == SendersSeen([], [], [])
    record(note_of(account, client="b", framework="x 1"), note_of(account, client="a", person="olga"))
    seen = SendersSeen(["a", "b"], ["x 1"], ["olga"])
    assert senders_seen(account.environment_id) == senders_seen(account.environment_id, account.pk) == seen
