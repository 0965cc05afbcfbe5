"""What the hub of open streams finds out by itself, when nobody tells it."""

import asyncio
import time

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.db.models import F

from accounts.api_tokens.issue import issue_token
from accounts.api_tokens.recognition import TokenGrant, grant_of
from accounts.models import Membership, Role
from accounts.models.changes import ChangeCount
from accounts.people.members import remove_member
from mcpservers import resolution, streams
from mcpservers.models import MCPServer
from mcpservers.resolution import ResolvedServer, resolve
from mcpservers.streams import StreamHub
from tests.people import People

pytestmark = pytest.mark.django_db(transaction=True)


class HeldStream:
    """A stream that notes what it is told."""

    kind = "server"
    grant: TokenGrant | None = None

    def __init__(self, server: ResolvedServer) -> None:
        self.server = server
        self.quiet_since = time.monotonic()
        self.told = asyncio.Event()
        self.ended = asyncio.Event()

    def tools_changed(self) -> None:
        self.told.set()

    def comment(self) -> None:
        """Keep quiet."""

    def end(self) -> None:
        self.ended.set()


def change_elsewhere(server: MCPServer) -> None:
    """Change the filters as another process does, of which nothing is told here."""
    MCPServer.objects.filter(pk=server.pk).update(methods=["read"], revision=F("revision") + 1)
    ChangeCount.objects.get_or_create(pk=1)
    ChangeCount.objects.filter(pk=1).update(number=F("number") + 1)


async def test_a_change_made_elsewhere_before_the_first_look_is_found(server: tuple[MCPServer, str]) -> None:
    row, token = server
    hub, stream = StreamHub(), HeldStream(await resolve(token))
    hub.add(stream)
    await database_sync_to_async(change_elsewhere)(row)
    await asyncio.wait_for(stream.told.wait(), 5)
    hub.discard(stream)


async def test_a_change_is_found_although_the_database_failed_while_it_was_looked_at(
    server: tuple[MCPServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row, token = server
    hub, stream, looked = StreamHub(), HeldStream(await resolve(token)), asyncio.Event()

    async def failing_once(digest: bytes) -> ResolvedServer | None:
        if not looked.is_set():
            looked.set()
            raise DatabaseError
        return await resolution.resolve_again(digest)

    monkeypatch.setattr(streams, "resolve_again", failing_once)
    hub.add(stream)
    await database_sync_to_async(change_elsewhere)(row)
    await asyncio.wait_for(stream.told.wait(), 5)
    assert looked.is_set()
    hub.discard(stream)


async def test_a_stream_ends_when_the_owner_of_its_token_leaves(server: tuple[MCPServer, str], people: People) -> None:
    membership = await Membership.objects.select_related("user", "environment").aget(user=people.teammate)
    row, value = await database_sync_to_async(issue_token)(
        membership.environment, people.teammate, name="t", role=Role.VIEWER
    )
    held, other = HeldStream(await resolve(server[1])), HeldStream(await resolve(server[1]))
    held.grant = await grant_of(value, "")
    assert held.grant is not None
    assert held.grant.token_id == row.pk
    hub = StreamHub()
    hub.add(held)
    hub.add(other)
    await database_sync_to_async(remove_member)(membership, "tests")
    await asyncio.wait_for(held.ended.wait(), 5)
    assert not other.ended.is_set()
    for stream in (held, other):
        hub.discard(stream)
