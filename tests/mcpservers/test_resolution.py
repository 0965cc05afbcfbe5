"""What is served after a change: here at once, elsewhere after the next look at the log."""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import transaction
from django.utils import timezone

from accounts.api_tokens.recognition import grant_of
from accounts.caches.change_watch import change_watch
from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.models import ApiToken, Environment, IntegratedAccount, Integration, Membership, Role
from mcpservers import resolution
from mcpservers.errors import ServerUnknown
from mcpservers.models import MCPServer
from mcpservers.resolution import ResolvedServer, resolve
from tests.elsewhere import unheard
from tests.people import People
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.toolbox import toolbox_of
from tools.models import Documentation

pytestmark = pytest.mark.django_db(transaction=True)


def paused() -> None:
    MCPServer.objects.update(paused_at=timezone.now())


def expired() -> None:
    MCPServer.objects.update(expires_at=timezone.now())


def rotated() -> None:
    MCPServer.objects.update(digest=bytes(32))


def deleted() -> None:
    MCPServer.objects.all().delete()


def gone_with_its_environment() -> None:
    Environment.objects.all().delete()


ENDINGS = [paused, expired, rotated, deleted, gone_with_its_environment]


def disabled() -> None:
    IntegratedAccount.objects.update(status="disabled")


def filtered() -> None:
    MCPServer.objects.update(methods=["read"])


def withdrawn() -> None:
    Documentation.objects.update(published=False)


def undocumented() -> None:
    Documentation.objects.all().delete()


def redefined() -> None:
    for row in Integration.objects.all():
        row.definition = {**row.definition, "resources": {}}
        Integration.objects.bulk_update([row], ["definition"])


def is_refused(server: ResolvedServer) -> bool:
    return server.connection is None


def lost_tools(server: ResolvedServer) -> bool:
    return "create_a_fuse_desk_case" not in server.tools.tools


CHANGES: list[tuple[Callable[[], None], Callable[[ResolvedServer], bool]]] = [
    (disabled, is_refused),
    (filtered, lost_tools),
    (withdrawn, lost_tools),
    (undocumented, lost_tools),
    (redefined, lost_tools),
]


async def happening(change: Callable[[], None], *, here: bool) -> None:
    """Make a change in this process, or in another one and let this one look."""
    await change_watch.look()
    with nullcontext() if here else unheard():
        await database_sync_to_async(change)()
    if not here:
        change_watch.looked_at = float("-inf")
        await change_watch.look()


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_what_ends_a_server_is_followed_by_a_refusal(
    server: tuple[MCPServer, str], ending: Callable[[], None], here: bool
) -> None:
    await resolve(server[1])
    await happening(ending, here=here)
    with pytest.raises(ServerUnknown):
        await resolve(server[1])


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize(("change", "shows"), CHANGES)
async def test_what_changes_a_server_shows_in_the_next_request(
    server: tuple[MCPServer, str],
    change: Callable[[], None],
    shows: Callable[[ResolvedServer], bool],
    here: bool,
) -> None:
    held = await resolve(server[1])
    assert not shows(held)
    await happening(change, here=here)
    assert shows(await resolve(server[1]))


@pytest.mark.parametrize("here", [True, False])
async def test_the_toolbox_of_a_disabled_account_is_of_no_use(server: tuple[MCPServer, str], here: bool) -> None:
    box = await toolbox_of(server[0].account_id)
    assert box is not None
    assert box.connection is not None
    await happening(disabled, here=here)
    box = await toolbox_of(server[0].account_id)
    assert box is not None
    assert box.connection is None


@pytest.mark.parametrize(
    "change",
    [
        lambda: ApiToken.objects.update(revoked_at=timezone.now()),
        lambda: ApiToken.objects.all().delete(),
        lambda: Membership.objects.all().delete(),
        lambda: Membership.objects.update(role=Role.VIEWER),
    ],
)
async def test_a_token_grants_at_once_what_is_left_to_it(
    environment: Environment, people: People, change: Callable[[], None]
) -> None:
    _, value = await database_sync_to_async(ApiToken.objects.issue)(
        environment=environment, name="t", role=Role.OPERATOR, owner=people.operator
    )
    assert await grant_of(value, "") is not None
    await happening(change, here=True)
    grant = await grant_of(value, "")
    assert grant is None or not grant.may(Role.OPERATOR)


async def test_a_server_that_nobody_changes_costs_no_query(server: tuple[MCPServer, str]) -> None:
    held = await resolve(server[1])
    await change_watch.look()
    held = await resolve(server[1])
    digest = held.key
    # As if it had been loaded some seconds ago, and nothing been missed since.
    resolution._servers._entries[digest].loaded_at -= 5
    change_watch.unbroken_since -= 10
    assert resolution._servers.peek(digest) is held


def of_a_later_release(row: Integration) -> dict[str, Any]:
    """Return the definition with keys that no release has yet: at the top, of a resource and of a method."""
    document: dict[str, Any] = copy.deepcopy(row.definition)
    for part in (document, document["resources"]["cases"], document["resources"]["cases"]["methods"]["list"]):
        part["from_tomorrow"] = {"kind": "unheard of"}
    return document


def test_keys_of_a_later_release_are_told_to_the_operator_and_cost_no_tool(
    server: tuple[MCPServer, str], caplog: pytest.LogCaptureFixture
) -> None:
    row = Integration.objects.get()
    before = set(catalogue_of(row).tools)
    row.definition = of_a_later_release(row)
    row.save()
    caplog.clear()
    assert set(catalogue_of(Integration.objects.get()).tools) == before
    assert "keys of a later release" in caplog.text
    for place in ("from_tomorrow", "resources.cases.from_tomorrow", "resources.cases.methods.list.from_tomorrow"):
        assert place in caplog.text
    with pytest.raises(DefinitionInvalid, match="from_tomorrow: is not a known key"):
        parse_definition(row.definition)


def retitled(words: str, *, undone: bool) -> None:
    """Change a description, and compile what results before the transaction is committed or rolled back."""
    with transaction.atomic():
        Documentation.objects.filter(method="list").update(description=words)
        catalogue_of(Integration.objects.get())
        transaction.set_rollback(undone)


async def test_what_was_compiled_from_a_change_that_was_rolled_back_is_never_served(
    server: tuple[MCPServer, str],
) -> None:
    words = "Lists everything that has happened, newest first, a page at a time, for those who look back."
    await database_sync_to_async(retitled)(words + " Undone.", undone=True)
    await database_sync_to_async(retitled)(words + " Kept.", undone=False)
    listing = (await resolve(server[1])).offer.listing
    assert b"Kept." in listing
    assert b"Undone." not in listing
