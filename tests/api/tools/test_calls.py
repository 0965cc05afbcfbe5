"""The record of calls over REST: found, paged, read, summed up, and only those of the token's environment."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Environment, IntegratedAccount, Role
from mcpservers.models import MCPServer
from tests.calls import TOOL, note_of, record
from tests.people import People
from tests.rest import Rest, problem, reasons, token_of

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = "list_all_fuse_desk_chats"


@pytest.fixture
def rest(environment: Environment) -> Rest:
    return Rest(token_of(environment, Role.VIEWER))


def clients(rest: Rest, **query: object) -> list[str]:
    """Return the clients of the calls that a filter finds."""
    answer = rest.get("/call", **query)
    assert answer.status_code == 200, answer.content
    return [call["client"] for call in answer.json()["result"]]


def test_calls_come_newest_first_with_all_that_is_known(rest: Rest, account: IntegratedAccount) -> None:
    record(
        note_of(
            account, ago=60, client="older", arguments={"api_key": "s", "limit": 3}, outcome="refused", error="No."
        ),
        note_of(account, ago=5, client="newer"),
    )
    answer = rest.get("/call").json()
    assert [call["client"] for call in answer["result"]] == ["newer", "older"]
    assert answer["next_cursor"] is None
    older = answer["result"][1]
    assert older["arguments"] == {"api_key": "•••", "limit": 3}
    assert (older["tool"], older["outcome"], older["error"]) == (TOOL, "refused", "No.")
    assert (older["account_id"], older["client_address"]) == (str(account.pk), "203.0.113.0/24")
    assert rest.get(f"/call/{older['id']}").json() == older


def test_each_filter_narrows(rest: Rest, server: tuple[MCPServer, str]) -> None:
    row = server[0]
    account = row.account
    record(
        note_of(
            account, row.pk, ago=10, client="Claude 1", transport="sse", revision="2025-11-25", framework="Mastra 1"
        ),
        note_of(account, ago=20, client="Cursor 3", tool=OTHER, via="rest"),
        note_of(account, ago=7200, client="Old 1", outcome="unreachable"),
    )
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for query, found in (
        ({"server": row.pk}, ["Claude 1"]),
        ({"account": account.pk}, ["Claude 1", "Cursor 3", "Old 1"]),
        ({"tool": OTHER}, ["Cursor 3"]),
        ({"client": "cursor"}, ["Cursor 3"]),
        ({"outcome": "failures"}, ["Old 1"]),
        ({"outcome": "ok"}, ["Claude 1", "Cursor 3"]),
        ({"via": "rest"}, ["Cursor 3"]),
        ({"transport": "sse"}, ["Claude 1"]),
        ({"revision": "2025-11-25"}, ["Claude 1"]),
        ({"framework": "mastra"}, ["Claude 1"]),
        ({"since": hour_ago}, ["Claude 1", "Cursor 3"]),
        ({"until": hour_ago}, ["Old 1"]),
    ):
        assert clients(rest, **query) == found, query


def test_pages_follow_one_another_by_the_cursor(rest: Rest, account: IntegratedAccount) -> None:
    record(*(note_of(account, ago=number + 1, client=str(number)) for number in range(5)))
    first = rest.get("/call", limit=2).json()
    second = rest.get("/call", limit=2, next_cursor=first["next_cursor"]).json()
    third = rest.get("/call", limit=2, next_cursor=second["next_cursor"]).json()
    seen = [call["client"] for page in (first, second, third) for call in page["result"]]
    assert seen == ["0", "1", "2", "3", "4"]
    assert third["next_cursor"] is None


def test_what_cannot_be_asked_is_refused_in_words(rest: Rest, account: IntegratedAccount) -> None:
    for query, field in (
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"next_cursor": "made up"}, "next_cursor"),
        ({"outcome": "broken"}, "outcome"),
        ({"server": "no-uuid"}, "server"),
        ({"since": "yesterday"}, "since"),
        ({"until": "0001-01-01T00:00:00Z"}, "until"),
        ({"since": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"}, "until"),
        ({"tol": TOOL}, "tol"),
    ):
        assert field in reasons(rest.get("/call", **query)), query
    assert "Did you mean tool?" in reasons(rest.get("/call", tol=TOOL))["tol"]
    assert "until" in reasons(rest.get("/call/figures", until="0001-01-01T00:00:00Z"))


def test_figures_say_what_the_calls_say(rest: Rest, server: tuple[MCPServer, str]) -> None:
    row = server[0]
    record(
        *(note_of(row.account, row.pk, duration_ms=20.0) for _ in range(3)),
        note_of(row.account, outcome="failed", tool=OTHER, duration_ms=500.0),
    )
    shown = rest.get("/call/figures").json()
    assert (shown["total"]["calls"], shown["total"]["failed"]) == (4, 1)
    assert [(line["tool"], line["calls"], line["failed"]) for line in shown["tools"]] == [(TOOL, 3, 0), (OTHER, 1, 1)]
    assert {line["server_id"]: line["calls"] for line in shown["servers"]} == {str(row.pk): 3, None: 1}
    only = rest.get("/call/figures", tool=OTHER, client="claude").json()
    assert only["total"] == {"calls": 1, "failed": 1, "p50_ms": 500.0, "p95_ms": 500.0, "p99_ms": 500.0}
    none = rest.get("/call/figures", tool="nothing").json()
    assert none["total"] == {"calls": 0, "failed": 0, "p50_ms": None, "p95_ms": None, "p99_ms": None}


def test_others_see_nothing(rest: Rest, people: People, account: IntegratedAccount) -> None:
    (call,) = record(note_of(account))
    elsewhere = Rest(token_of(people.elsewhere))
    assert elsewhere.get("/call").json()["result"] == []
    assert elsewhere.get("/call", account=account.pk).json()["result"] == []
    assert elsewhere.get("/call/figures").json()["total"]["calls"] == 0
    problem(elsewhere.get(f"/call/{call.pk}"), 404)
    problem(Rest().get("/call"), 401)
    problem(rest.get("/call/nothing"), 404)
    problem(rest.post("/call"), 405)


def test_use_by_people_is_summed_up_for_admins_of_the_environment(
    rest: Rest, environment: Environment, people: People, account: IntegratedAccount
) -> None:
    record(
        note_of(account, person="olga", access="write", outcome="failed"),
        note_of(account, person="olga"),
        note_of(account, person="tim", ago=40 * 86_400),
        note_of(account),
    )
    admin = Rest(token_of(environment, Role.ADMIN))
    shown = admin.get("/call/people").json()
    assert [(line["person"], line["calls"]) for line in shown["people"]] == [("olga", 2), ("", 1)]
    olga = shown["people"][0]
    assert (olga["reads"], olga["writes"], olga["failed"], shown["capped"]) == (1, 1, 1, False)
    assert olga["clients"] == ["Claude 1"]
    assert datetime.fromisoformat(olga["last_called_at"]) > datetime.now(UTC) - timedelta(minutes=5)
    assert len(admin.get("/call/people", since="0001-01-01T00:00:00Z").json()["people"]) == 3
    assert "since" in reasons(admin.get("/call/people", since="yesterday"))
    problem(rest.get("/call/people"), 403)
    assert Rest(token_of(people.elsewhere)).get("/call/people").json()["people"] == []
