"""Finding calls: the same calls whichever way they are asked for, page by page, and never without a bound."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import IntegratedAccount
from tests.calls import note_of, record
from tests.months import drop_all, make_at, read_by, require_postgresql
from tools.models import Call, Outcome
from tools.record import activity
from tools.record.activity import ANY_FAILURE, CallFilter, CallPosition, page_of

pytestmark = pytest.mark.django_db(transaction=True)

SERVERS = [UUID(int=1), UUID(int=2), None]


@pytest.fixture
def calls(account: IntegratedAccount) -> list[Call]:
    """Calls of every kind, many of them at the same moment."""
    chance, now = random.Random(11), datetime.now(UTC)
    notes = [
        note_of(
            account,
            chance.choice(SERVERS),
            started_at=now - timedelta(minutes=chance.randrange(20)),
            tool=chance.choice(["a", "b"]),
            client=chance.choice(["Claude 1", "cursor 2", ""]),
            outcome=chance.choice(Outcome.values),
            via=chance.choice(["mcp", "rest"]),
            transport=chance.choice(["http", "sse", ""]),
            revision=chance.choice(["2025-11-25", "2026-07-28", ""]),
            framework=chance.choice(["LangChain 1", "python-httpx 0.28.1", ""]),
            person=chance.choice(["olga", ""]),
        )
        for _ in range(120)
    ]
    notes[0].caller = type(notes[0].caller)(environment_id=uuid4(), account_id=account.pk, via="mcp")
    return record(*notes)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"tool": "a"},
        {"client": "CLAUDE"},
        {"outcome": "refused"},
        {"outcome": "ok", "tool": "b"},
        {"outcome": ANY_FAILURE},
        {"via": "rest", "client": "1"},
        {"transport": "sse", "framework": "HTTPX"},
        {"person": "olga"},
        {"revision": "2026-07-28"},
        {"server_id": SERVERS[0]},
        {"server_id": SERVERS[1], "outcome": "failed"},
        {"account_id": UUID(int=99)},
        {"since": timedelta(minutes=10)},
        {"since": timedelta(minutes=15), "until": timedelta(minutes=5), "tool": "a"},
    ],
)
def test_the_database_and_the_stream_agree_on_what_matches(
    calls: list[Call], account: IntegratedAccount, asked: dict[str, Any]
) -> None:
    asked = dict(asked)
    for name in asked.keys() & {"since", "until"}:
        asked[name] = datetime.now(UTC) - asked[name]
    wanted = CallFilter(account.environment_id, **asked)
    found = set(wanted.calls().values_list("pk", flat=True))
    assert found == {call.pk for call in calls if wanted.matches(call)}
    assert len(found) < len(calls)
    assert found or "account_id" in asked


@pytest.mark.parametrize("asked", [{}, {"tool": "a"}, {"outcome": ANY_FAILURE}])
def test_pages_show_each_call_once_newest_first(
    calls: list[Call], account: IntegratedAccount, asked: dict[str, Any]
) -> None:
    wanted, after, seen = CallFilter(account.environment_id, **asked), None, []
    while True:
        page = page_of(wanted, after, size=7)
        seen += page.calls
        if page.next is None:
            break
        after = CallPosition.parse(str(page.next))
    assert [call.pk for call in seen] == list(
        wanted.calls().order_by("-started_at", "-pk").values_list("pk", flat=True)
    )
    assert len(seen) > 20


def test_a_search_stops_after_so_many_calls_says_how_far_it_got_and_goes_on_from_there(
    account: IntegratedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(note_of(account, tool="rare", ago=500), *(note_of(account, ago=seconds) for seconds in range(1, 31)))
    monkeypatch.setattr(activity, "SEARCHED", 12)
    wanted = CallFilter(account.environment_id, tool="rare")
    after, pages = None, 0
    while True:
        page = page_of(wanted, after)
        pages += 1
        if page.calls:
            break
        assert page.searched_to is not None
        after = page.next
        assert after is not None
    assert pages == 3
    assert page.next is None


def test_what_an_index_leads_to_is_not_searched(account: IntegratedAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    record(note_of(account, outcome="failed", ago=500), *(note_of(account, ago=seconds) for seconds in range(1, 31)))
    monkeypatch.setattr(activity, "SEARCHED", 2)
    assert len(page_of(CallFilter(account.environment_id, outcome=ANY_FAILURE)).calls) == 1
    assert len(page_of(CallFilter(account.environment_id, account_id=account.pk)).calls) == 31


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-x", "²-1", "9" * 40 + "-1", "1-" + "9" * 40])
def test_a_position_that_was_made_up_is_none(text: str) -> None:
    assert CallPosition.parse(text) is None


@pytest.mark.parametrize("narrowed", [{}, {"tool": "a"}, {"outcome": ANY_FAILURE}, {"account_id": UUID(int=1)}])
def test_a_page_of_a_period_reads_the_months_of_the_period_only(
    account: IntegratedAccount, narrowed: dict[str, Any]
) -> None:
    require_postgresql()
    drop_all()
    for number in (1, 3, 5):
        make_at(datetime(2021, number, 15, tzinfo=UTC))
    record(*(note_of(account, started_at=datetime(2021, number, 20, tzinfo=UTC)) for number in range(1, 8)))
    wanted = CallFilter(
        account.environment_id,
        since=datetime(2021, 3, 20, tzinfo=UTC),
        until=datetime(2021, 4, 2, tzinfo=UTC),
        **narrowed,
    )
    with CaptureQueriesContext(connection) as asked:
        page_of(wanted)
        page_of(wanted, CallPosition(datetime(2021, 4, 1, tzinfo=UTC), 5))
    assert set().union(*(read_by(each["sql"]) for each in asked)) == {"tools_call_2021_03", "tools_call_2021_04"}
    drop_all()
