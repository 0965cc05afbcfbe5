"""What calls come to: the same from sums as from the calls themselves, and percentiles close to the true ones."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from tests.calls import note_of, record
from tools.models.figures import BOUNDS, BUCKETS
from tools.record import figures
from tools.record.activity import CallFilter
from tools.record.figures import Tally, breakdown_of, figures_of, percentile

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def busy(server: tuple[MCPServer, str]) -> IntegratedAccount:
    """An account with calls in the last days, through a server and without one."""
    chance, account = random.Random(5), server[0].account
    record(
        *(
            note_of(
                account,
                chance.choice([server[0].pk, None]),
                started_at=NOW - chance.random() * 6 * DAY,
                tool=chance.choice(["a", "b", "c"]),
                outcome=chance.choice(["ok", "ok", "ok", "refused"]),
                duration_ms=chance.lognormvariate(5, 1),
            )
            for _ in range(600)
        )
    )
    return account


def of(account: IntegratedAccount, **values: object) -> CallFilter:
    return CallFilter(account.environment_id, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("scope", ["environment", "account", "server"])
@pytest.mark.parametrize("days", [1, 7, 30])
def test_sums_say_what_the_calls_say(busy: IntegratedAccount, scope: str, days: int) -> None:
    server = MCPServer.objects.get()
    wanted = {
        "environment": of(busy),
        "account": of(busy, account_id=busy.pk),
        "server": of(busy, account_id=busy.pk, server_id=server.pk),
    }[scope]
    summed = figures_of(wanted, NOW - days * DAY, NOW)
    calls = list(wanted.calls().filter(started_at__gte=summed.since))
    assert (summed.total.calls, summed.total.errors) == (len(calls), sum(call.outcome == "refused" for call in calls))
    assert summed.counted is None
    assert sum(bar.tally.calls for bar in summed.bars) == len(calls)
    assert len(summed.bars) <= figures.MOST_BARS
    assert len(calls) > 50
    times = sorted(call.duration_ms or 0 for call in calls)
    assert summed.total.times is not None
    assert summed.total.times.p50 == pytest.approx(times[len(times) // 2], rel=0.2)
    assert summed.total.times.p95 == pytest.approx(times[len(times) * 95 // 100], rel=0.3)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_breakdown_adds_up_to_the_whole(busy: IntegratedAccount, days: int) -> None:
    for wanted in (of(busy), of(busy, account_id=busy.pk)):
        total = figures_of(wanted, NOW - days * DAY, NOW).total
        found = breakdown_of(wanted, NOW - days * DAY, NOW)
        assert sum(line.tally.calls for line in found.tools) == total.calls
        assert sum(line.tally.errors for line in found.tools) == total.errors
        assert found.servers is not None
        assert sum(line.tally.calls for line in found.servers) == total.calls
        assert {line.key for line in found.servers} == {MCPServer.objects.get().pk, None}


def test_a_tool_of_an_environment_has_no_servers_before_an_account_is_chosen(busy: IntegratedAccount) -> None:
    found = breakdown_of(of(busy, tool="a"), NOW - 7 * DAY, NOW)
    assert ([line.key for line in found.tools], found.servers) == (["a"], None)
    found = breakdown_of(of(busy, tool="a", account_id=busy.pk), NOW - 7 * DAY, NOW)
    assert found.servers is not None
    assert sum(line.tally.calls for line in found.servers) == found.tools[0].tally.calls


@pytest.mark.parametrize("asked", [{"client": "claude"}, {"outcome": "refused"}, {"via": "mcp"}])
def test_what_sums_do_not_know_is_counted_exactly(busy: IntegratedAccount, asked: dict[str, str]) -> None:
    wanted = of(busy, **asked)
    found = figures_of(wanted, NOW - 7 * DAY, NOW)
    assert (found.counted, found.capped) == (wanted.calls().count(), False)
    assert found.total.calls == found.counted
    assert sum(line.tally.calls for line in breakdown_of(wanted, NOW - 7 * DAY, NOW).tools) == found.counted


def test_counting_stops_at_a_bound_and_says_so(busy: IntegratedAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "CALLS", 10)
    found = figures_of(of(busy, via="mcp"), NOW - 7 * DAY, NOW)
    assert (found.counted, found.capped, found.total.calls) == (10, True, 10)
    assert found.since > NOW - 6 * DAY


def test_a_day_that_is_long_past_is_counted_where_hours_of_an_account_are_gone(busy: IntegratedAccount) -> None:
    record(note_of(busy, started_at=NOW - 20 * DAY), note_of(busy, started_at=NOW - 20 * DAY))
    found = figures_of(of(busy, account_id=busy.pk), NOW - 20.5 * DAY, NOW - 19.5 * DAY)
    assert (found.counted, found.total.calls) == (2, 2)
    assert figures_of(of(busy), NOW - 20.5 * DAY, NOW - 19.5 * DAY).counted is None


def test_slowest_and_most_failing_tools_lead() -> None:
    record_lines = breakdown_of(of_nobody(), NOW - DAY, NOW)
    assert (record_lines.slowest(), record_lines.most_failing(), record_lines.servers) == ([], [], [])


def of_nobody() -> CallFilter:
    return CallFilter(UUID(int=5))


def test_the_slowest_tool_is_first_and_so_is_the_one_that_fails_most(account: IntegratedAccount) -> None:
    record(
        *(note_of(account, tool="slow", duration_ms=900, ago=60 * 60 * 5) for _ in range(3)),
        *(note_of(account, tool="failing", outcome="refused", duration_ms=5, ago=60 * 60 * 5) for _ in range(2)),
        *(note_of(account, tool="both", outcome=outcome, ago=60 * 60 * 5) for outcome in ("refused", "ok", "ok")),
    )
    found = breakdown_of(of(account), NOW - DAY, NOW)
    assert found.slowest()[0].key == "slow"
    assert [line.key for line in found.most_failing()] == ["failing", "both"]


def test_nothing_comes_to_nothing(account: IntegratedAccount) -> None:
    for days in (0.01, 1, 7, 30):
        found = figures_of(of(account), NOW - days * DAY, NOW)
        assert found.total == Tally()
        assert found.bars
        assert all(bar.tally == Tally() for bar in found.bars)


def test_a_percentile_is_never_further_off_than_its_bucket_is_wide() -> None:
    chance = random.Random(2)
    values = sorted(chance.lognormvariate(4, 1.5) for _ in range(5000))
    histogram = [0] * len(BUCKETS)
    for value in values:
        histogram[next((place for place, bound in enumerate(BOUNDS) if value < bound), len(BOUNDS))] += 1
    for share in (0.5, 0.95, 0.99):
        true = values[int(share * len(values))]
        assert true / 1.5 <= percentile(histogram, share) <= true * 1.5
        assert percentile(histogram, share) == pytest.approx(true, rel=0.1)
    assert percentile([0] * len(BUCKETS), 0.5) == 0
