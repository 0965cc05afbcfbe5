"""The stream of new calls for the Activity pages: plain ASGI next to Django, because a view would hold a thread.

Django's middleware does not run here, so this module checks Host, Origin, the session and the membership. The request's
own task waits for the feed; the only other task of a stream waits for the browser to disconnect.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest, QueryDict
from django.http.cookie import parse_cookie

from accounts.allowances import Holder, HolderKind, streams
from accounts.database.outages import refusal_for
from accounts.database.threads import look_up
from accounts.errors import AllowanceUsedUp
from accounts.models import Membership, User
from accounts.people.sessions import SessionStore
from mcpservers.admission import check_host, is_own_origin, request_headers
from mcpservers.errors import Refusal
from mcpservers.metrics import STREAMS
from mcpservers.replies import (
    ABORT,
    COMMENT,
    COMMENT_SECONDS,
    Headers,
    Receive,
    Scope,
    Send,
    end_stream,
    open_stream,
    send_events,
)
from portal.activity.feed import Watch, backlog, feed
from portal.activity.forms import ActivityForm
from portal.activity.views import query_of

PATH = "/activity/stream"
RETRY = b"retry: 2000\n\n"  # milliseconds until the browser reconnects
MOST_STREAMS = 2000


class WatchRefused(Exception):
    """The stream is refused with a status and a text."""

    def __init__(self, status: HTTPStatus, words: str = "", retry_after: int | None = None) -> None:
        super().__init__(words or status.phrase)
        self.status, self.retry_after = status, retry_after


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Open a stream, and keep it until the browser leaves, access ends or the process stops."""
    headers = request_headers(scope)
    try:
        _check(scope, headers)
        watch = await _watch_of(scope, headers)
        with _allowed(watch):
            await _hold(scope, receive, send, watch)
    except WatchRefused as refused:
        await _refuse(refused, send)


async def _watch_of(scope: Scope, headers: Headers) -> Watch:
    try:
        return await look_up(_watch, scope, headers)
    except DatabaseError as error:
        outage = refusal_for(error)
        if outage is None:
            raise
        raise WatchRefused(HTTPStatus.SERVICE_UNAVAILABLE, outage.words, outage.retry_after) from None


@contextmanager
def _allowed(watch: Watch) -> Iterator[None]:
    """Count the stream against the person's allowance."""
    try:
        with streams.one(Holder(HolderKind.PERSON, watch.user_id)):
            yield
    except AllowanceUsedUp as used_up:
        raise WatchRefused(HTTPStatus.TOO_MANY_REQUESTS, str(used_up)) from None


async def _hold(scope: Scope, receive: Receive, send: Send, watch: Watch) -> None:
    disconnected = asyncio.ensure_future(_disconnect(receive, watch))
    STREAMS["activity"].inc()
    try:
        await open_stream({}, send)
        # Before the backlog is read, so that no call falls between the two.
        await feed.add(watch)
        watch.tell([RETRY, *await database_sync_to_async(backlog)(watch)])
        await _pass_on(scope, watch, disconnected, send)
    finally:
        STREAMS["activity"].dec()
        feed.discard(watch)
        disconnected.cancel()


async def _pass_on(scope: Scope, watch: Watch, disconnected: "asyncio.Future[None]", send: Send) -> None:
    """Send the feed's events, and comments while there are none, until the stream ends."""
    try:
        while not (disconnected.done() or watch.ended):
            async with asyncio.timeout(settings.WRITE_SECONDS):
                await send_events(watch.take() or COMMENT, send)
            with suppress(TimeoutError):
                await asyncio.wait_for(watch.wake.wait(), COMMENT_SECONDS)
    except (TimeoutError, OSError):
        # The client does not read or is gone: the stream cannot be ended properly, so drop the connection.
        scope.get(ABORT, watch.end)()
        return
    if not disconnected.done():
        await end_stream(watch.take(), send)


async def _disconnect(receive: Receive, watch: Watch) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watch.end()


def _check(scope: Scope, headers: Headers) -> None:
    """Refuse requests that do not come from our own pages, or that the process cannot serve."""
    try:
        check_host(headers)
    except Refusal:
        raise WatchRefused(HTTPStatus.BAD_REQUEST) from None
    if scope["method"] != "GET":
        raise WatchRefused(HTTPStatus.METHOD_NOT_ALLOWED)
    if not is_own_origin(scope, headers):
        raise WatchRefused(HTTPStatus.FORBIDDEN)
    if headers.get(b"sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise WatchRefused(HTTPStatus.FORBIDDEN)
    if feed.closing or len(feed) >= MOST_STREAMS:
        raise WatchRefused(HTTPStatus.SERVICE_UNAVAILABLE)


def _watch(scope: Scope, headers: Headers) -> Watch:
    """Return the watch that a request asks for; raise WatchRefused for visitors not signed in and for outsiders."""
    key = parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    request = HttpRequest()
    request.session = session = SessionStore(key or None)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active or session.row is None:
        raise WatchRefused(HTTPStatus.UNAUTHORIZED)
    query = QueryDict(scope.get("query_string", b""))
    environment_id, account_id = _id(query.get("environment")), _id(query.get("of"))
    if environment_id is None:
        raise WatchRefused(HTTPStatus.NOT_FOUND)
    found = Membership.objects.filter(user=user, environment_id=environment_id).enterable()
    membership = found.select_related("environment").first()
    if membership is None:
        raise WatchRefused(HTTPStatus.NOT_FOUND)
    shown = query_of(ActivityForm(query), membership.environment, account_id)
    # The stream carries future calls, so the period of the page does not apply.
    wanted = replace(shown.calls, since=None, until=None)
    # After a reconnect, the browser repeats the id of the last event (HTML, section 9.2.4).
    seen = headers.get(b"last-event-id") or query.get("seen", "")
    return Watch(
        user_id=user.pk,
        password=user.password,
        session_id=session.row.pk,
        wanted=wanted,
        of_account=account_id is not None,
        # Up to 18 digits always fit the 64-bit key.
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else 0,
    )


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


async def _refuse(refused: WatchRefused, send: Send) -> None:
    status = refused.status
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"GET"))
    if refused.retry_after is not None:
        headers.append((b"retry-after", str(refused.retry_after).encode()))
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": str(refused).encode()})
