"""What the hub of open streams finds out by itself, when nobody tells it."""

import asyncio
import time
from collections.abc import Collection, Iterable

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.db.models import F

from accounts.api_tokens.issue import issue_token
from accounts.api_tokens.recognition import TokenGrant, grant_of
from accounts.models import IntegratedAccount, Membership, Role
from accounts.people.members import remove_member
from mcpservers import resolution
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from mcpservers.resolution import ResolvedServer, resolve
from mcpservers.sign_in.recognition import PersonAccess
from mcpservers.streaming import streams
from mcpservers.streaming.streams import StreamHub
from tests.elsewhere import count_a_change, unannounced
from tests.people import People

pytestmark = pytest.mark.django_db(transaction=True)


class HeldStream:
    """A stream that notes what it is told."""

    kind = "server"
    grant: TokenGrant | None = None
    access: PersonAccess | None = None

    def __init__(self, server: ResolvedServer) -> None:
        self.server = server
        self.quiet_since = time.monotonic()
        self.told = asyncio.Event()
        self.ended = asyncio.Event()

    def lists_changed(self, kinds: Collection[str]) -> None:
        self.told.set()

    def comment(self) -> None:
        """Keep quiet."""

    def end(self) -> None:
        self.ended.set()


def change_elsewhere(server: MCPServer) -> None:
    """Change the filters as another process does, of which nothing is told here."""
    unannounced(MCPServer).filter(pk=server.pk).update(methods=["read"], revision=F("revision") + 1)
    count_a_change()


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


def many_servers(account: IntegratedAccount, count: int) -> dict[str, MCPServer]:
    """Make servers, by their tokens."""
    made = [create_server(account, "tests", name=f"S{number}", methods=[], tags=[]) for number in range(count)]
    return {token: server for server, token in made}


async def streams_of(tokens: Iterable[str], hub: StreamHub) -> list[HeldStream]:
    """Open a stream for each token's server."""
    held = [HeldStream(await resolve(token)) for token in tokens]
    for stream in held:
        hub.add(stream)
    return held


@pytest.mark.parametrize("affected", [1, 4, 12])
async def test_a_change_elsewhere_resolves_anew_only_the_servers_that_it_affects(
    account: IntegratedAccount, affected: int
) -> None:
    servers = await database_sync_to_async(many_servers)(account, 12)
    hub = StreamHub()
    held = await streams_of(servers, hub)
    before = [stream.server for stream in held]
    for row in [*servers.values()][:affected]:
        await database_sync_to_async(change_elsewhere)(row)
    await asyncio.gather(*(asyncio.wait_for(stream.told.wait(), 5) for stream in held[:affected]))
    assert [stream.server is server for stream, server in zip(held, before, strict=True)] == [
        place >= affected for place in range(len(held))
    ]
    assert not any(stream.told.is_set() for stream in held[affected:])
    for stream in held:
        hub.discard(stream)


async def test_of_two_streams_of_a_server_the_older_one_learns_of_a_change_that_the_younger_one_knows(
    server: tuple[MCPServer, str],
) -> None:
    row, token = server
    hub, older = StreamHub(), HeldStream(await resolve(token))
    hub.add(older)
    await database_sync_to_async(change_elsewhere)(row)
    resolution._servers.clear()
    younger = HeldStream(await resolve(token))
    assert younger.server is not older.server
    hub.add(younger)
    await asyncio.wait_for(older.told.wait(), 5)
    assert not younger.told.is_set()
    for stream in (older, younger):
        hub.discard(stream)


async def test_a_server_that_another_process_deletes_ends_its_streams_alone(account: IntegratedAccount) -> None:
    servers = await database_sync_to_async(many_servers)(account, 3)
    hub = StreamHub()
    held = await streams_of(servers, hub)
    first = next(iter(servers.values()))
    await unannounced(MCPServer).filter(pk=first.pk).adelete()
    await database_sync_to_async(count_a_change)()
    await asyncio.wait_for(held[0].ended.wait(), 5)
    assert not any(stream.ended.is_set() or stream.told.is_set() for stream in held[1:])
    for stream in held:
        hub.discard(stream)
