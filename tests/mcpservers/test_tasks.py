"""The purge of expired servers: every one, once, with a trace; none that was given more time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts.models import AuditEntry, IntegratedAccount
from mcpservers.lifecycle import change_server, create_server, pause_server
from mcpservers.models import MCPServer
from mcpservers.tasks import purge_expired_servers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


def make(account: IntegratedAccount, name: str, minutes: int | None) -> MCPServer:
    expires_at = None if minutes is None else NOW + timedelta(minutes=minutes)
    return create_server(account, "tests", name=name, methods=[], tags=[], expires_at=expires_at)[0]


def traces() -> list[str]:
    return sorted(AuditEntry.objects.filter(action="mcp_server.expired").values_list("target_name", flat=True))


def test_what_is_expired_is_deleted_with_a_trace_and_the_rest_stays(
    account: IntegratedAccount, clock: time_machine.Traveller
) -> None:
    for name, minutes in [("early", 5), ("exact", 10), ("later", 11), ("endless", None)]:
        make(account, name, minutes)
    pause_server(make(account, "paused", 5), "tests")
    clock.shift(timedelta(minutes=10))
    assert purge_expired_servers() == 3
    assert set(MCPServer.objects.values_list("name", flat=True)) == {"later", "endless"}
    assert traces() == ["early", "exact", "paused"]
    entry = AuditEntry.objects.filter(target_name="early", action="mcp_server.expired").get()
    assert (entry.actor, entry.details) == ("purge_expired_servers", {"expires_at": "2026-03-01T12:05:00+00:00"})
    assert entry.environment_id == account.environment_id


def test_purging_again_does_nothing(account: IntegratedAccount, clock: time_machine.Traveller) -> None:
    make(account, "early", 5)
    clock.shift(timedelta(minutes=10))
    assert [purge_expired_servers(), purge_expired_servers()] == [1, 0]
    assert traces() == ["early"]


def test_a_server_that_was_given_more_time_is_kept(account: IntegratedAccount, clock: time_machine.Traveller) -> None:
    server = make(account, "extended", 5)
    clock.shift(timedelta(minutes=4))
    change_server(server, "tests", expires_at=NOW + timedelta(hours=1))
    clock.shift(timedelta(minutes=6))
    assert purge_expired_servers() == 0
    assert MCPServer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_purge_at_once_leave_one_trace_a_server(
    account: IntegratedAccount, clock: time_machine.Traveller
) -> None:
    names = [f"server {count:02d}" for count in range(20)]
    for name in names:
        make(account, name, 5)
    clock.shift(timedelta(minutes=10))

    def purge(_: int) -> int:
        try:
            return purge_expired_servers()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(purge, range(4))) == len(names)
    assert traces() == names
    assert MCPServer.objects.count() == 0
