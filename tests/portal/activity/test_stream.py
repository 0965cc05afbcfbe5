"""New calls over a real socket: who gets them, which ones, and when the stream ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.allowances import streams
from accounts.models import IntegratedAccount, Membership, Session, User
from config.asgi import application
from mcpservers.models import MCPServer
from portal.activity import feed as activity_feed
from portal.activity.feed import ActivityFeed, Watch
from tests.calls import note_of, record
from tests.people import People
from tests.portal_site import browser
from tests.serving import served
from tools.models import Call
from tools.record.activity import CallFilter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> ActivityFeed:
    """A feed that looks often, and belongs to this test alone."""
    own = ActivityFeed()
    monkeypatch.setattr(activity_feed, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(activity_feed, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr("portal.activity.stream.feed", own)
    return own


@pytest.fixture
def web(feed: ActivityFeed) -> Iterator[str]:
    """The product's own application in a thread."""
    with served(application) as address:
        yield address


class Events:
    """Reads a stream."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def next(self) -> tuple[str, str]:
        """Return the number and the HTML of the next call."""
        number, data = "", []
        for line in self._lines:
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                return number, "".join(data)
        raise StopIteration

    def until_retry(self) -> None:
        """Read what a stream begins with: from then on it is told of calls."""
        for line in self._lines:
            if line.startswith("retry:"):
                return

    def at_end(self) -> bool:
        """Tell whether the stream ends without another call."""
        return not any(line.startswith("data: ") for line in self._lines)


def cookie(person: User) -> dict[str, str]:
    client: Client = browser(person)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


@contextmanager
def watching(web: str, person: User, account: IntegratedAccount, headers: Any = None, **query: str) -> Iterator[Events]:
    asked = {"environment": str(account.environment_id), **query}
    with (
        httpx.Client(timeout=10) as client,
        client.stream(
            "GET", f"{web}/activity/stream", params=asked, headers={**cookie(person), **(headers or {})}
        ) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        events = Events(response)
        events.until_retry()
        yield events


def refused(web: str, headers: dict[str, str], environment: object, **options: Any) -> int:
    method = options.pop("method", "GET")
    return httpx.request(method, f"{web}/activity/stream?environment={environment}", headers=headers).status_code


def test_a_call_appears_with_its_names_wherever_it_was_written(
    web: str, people: People, server: tuple[MCPServer, str]
) -> None:
    row = server[0]
    with watching(web, people.teammate, row.account) as events:
        (call,) = record(note_of(row.account, row.pk, client="<b>Claude"))
        number, html = events.next()
    assert number == str(call.pk)
    assert f'<tr id="call-{call.pk}" class="fresh">' in html
    assert row.name in html
    assert row.account.name in html
    assert "&lt;b&gt;Claude" in html


def test_only_calls_that_match_the_filters_appear(web: str, people: People, account: IntegratedAccount) -> None:
    with watching(web, people.teammate, account, tool="wanted", outcome="failures") as events:
        record(note_of(account), note_of(account, tool="wanted"), note_of(account, outcome="failed"))
        (call,) = record(note_of(account, tool="wanted", outcome="failed"))
        assert events.next()[0] == str(call.pk)


def test_the_tab_of_an_account_gets_its_calls_alone(web: str, people: People, account: IntegratedAccount) -> None:
    other = IntegratedAccount.objects.create(
        environment=account.environment, integration=account.integration, name="Other"
    )
    with watching(web, people.teammate, account, of=str(account.pk)) as events:
        record(note_of(other))
        (call,) = record(note_of(account))
        number, html = events.next()
    assert number == str(call.pk)
    assert 'data-label="Account"' not in html


def test_a_write_appears_when_it_is_sent_and_again_when_it_has_ended(
    web: str, people: People, account: IntegratedAccount
) -> None:
    with watching(web, people.teammate, account) as events:
        row = note_of(account, outcome="pending", duration_ms=None).row()
        row.save()
        assert "Pending" in events.next()[1]
        Call.objects.filter(pk=row.pk).update(outcome="ok", duration_ms=5)
        number, html = events.next()
    assert number == str(row.pk)
    assert "OK" in html


def test_what_came_in_meanwhile_follows(web: str, people: People, account: IntegratedAccount) -> None:
    seen, missed, newest = record(*(note_of(account, ago=ago) for ago in (30, 20, 10)))
    with watching(web, people.teammate, account, seen=str(seen.pk)) as events:
        assert [events.next()[0], events.next()[0]] == [str(missed.pk), str(newest.pk)]
    with watching(web, people.teammate, account, {"Last-Event-ID": str(missed.pk)}, seen=str(seen.pk)) as events:
        assert events.next()[0] == str(newest.pk)


def test_outsiders_strangers_and_other_sites_get_nothing(web: str, people: People, account: IntegratedAccount) -> None:
    environment = account.environment_id
    assert refused(web, {}, environment) == 401
    assert refused(web, {"Cookie": "sessionid=made-up"}, environment) == 401
    assert refused(web, cookie(people.outsider), environment) == 404
    member = cookie(people.teammate)
    assert refused(web, member, people.elsewhere.pk) == 404
    assert refused(web, member, "nothing") == 404
    assert refused(web, {**member, "Origin": "https://evil.example"}, environment) == 403
    assert refused(web, {**member, "Sec-Fetch-Site": "cross-site"}, environment) == 403
    assert refused(web, {**member, "Host": "evil.example"}, environment) == 400
    assert refused(web, member, environment, method="POST") == 405


def test_a_person_holds_only_so_many_streams_and_others_are_not_kept_from_theirs(
    web: str, people: People, account: IntegratedAccount, settings: Settings
) -> None:
    settings.PERSON_STREAMS = 1
    environment = account.environment_id
    with watching(web, people.teammate, account), watching(web, people.owner, account):
        assert refused(web, cookie(people.teammate), environment) == 429
        assert refused(web, cookie(people.outsider), environment) == 404
    statuses = (refused(web, {**cookie(people.teammate), "Host": "evil.example"}, environment) for _ in range(2))
    assert set(statuses) == {400}
    wait_for_none()


def wait_for_none() -> None:
    """Wait until the server has noticed that its clients went away."""
    pause = threading.Event()
    for _ in range(200):
        if not len(streams):
            return
        pause.wait(0.05)
    raise AssertionError("a stream is still counted")


@pytest.mark.parametrize("how", ["membership", "sign-out", "idle", "password", "inactive"])
def test_the_stream_of_somebody_who_may_no_longer_see_ends(
    web: str, people: People, account: IntegratedAccount, how: str
) -> None:
    with watching(web, people.teammate, account) as events:
        match how:
            case "membership":
                Membership.objects.filter(user=people.teammate).delete()
            case "sign-out":
                Session.objects.all().delete()
            case "idle":
                Session.objects.update(last_used_at=timezone.now() - settings.SESSION_IDLE)
            case "password":
                people.teammate.set_password("another-pass-1")
                people.teammate.save()
            case _:
                User.objects.filter(pk=people.teammate.pk).update(is_active=False)
        assert events.at_end()


def test_streams_end_when_the_process_stops_and_no_new_one_opens(
    web: str, feed: ActivityFeed, people: People, account: IntegratedAccount
) -> None:
    with watching(web, people.teammate, account) as events:
        assert feed._loop is not None
        feed._loop.call_soon_threadsafe(feed.end_all)
        assert events.at_end()
    assert refused(web, cookie(people.teammate), account.environment_id) == 503


async def test_a_stream_that_was_just_being_opened_ends_too(feed: ActivityFeed, account: IntegratedAccount) -> None:
    feed.end_all()
    watch = Watch(1, "", uuid4(), CallFilter(account.environment_id), of_account=False, seen=0)
    await feed.add(watch)
    assert watch.ended


def test_streams_take_no_thread_each_and_leave_nothing_behind(
    web: str, feed: ActivityFeed, people: People, account: IntegratedAccount
) -> None:
    with watching(web, people.teammate, account) as first:
        record(note_of(account))
        first.next()
        before = threading.active_count()
        with watching(web, people.owner, account), watching(web, people.operator, account):
            assert len(feed) == 3
            assert threading.active_count() <= before
    assert feed._loop is not None
    gone = threading.Event()

    def look() -> None:
        if len(feed) == 0:
            gone.set()
        elif feed._loop is not None:
            feed._loop.call_later(0.02, look)

    feed._loop.call_soon_threadsafe(look)
    assert gone.wait(5)


def test_quiet_streams_are_kept_open_by_comments(
    web: str, people: People, account: IntegratedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.activity.stream.COMMENT_SECONDS", 0.05)
    with watching(web, people.teammate, account) as events:
        comments = (line for line in events._lines if line.startswith(":"))
        assert [next(comments), next(comments)] == [": ", ": "]
