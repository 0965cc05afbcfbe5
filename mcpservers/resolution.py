"""Resolve an address to the server that it opens: key, policy, compiled tools. Servers that are not live are refused.

A resolved server is cached in the process. A change made here drops it at once; one made elsewhere is found within a
second (accounts/caches/change_watch.py), and then the revisions are compared with the database's, so that it is
resolved anew only if they differ.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts import product, tokens
from accounts.allowances import Holder, HolderKind
from accounts.api_tokens.recognition import TokenGrant, bearer_token, grant_of
from accounts.caches.change_watch import change_watch
from accounts.caches.freshness import FreshCache
from accounts.changes import Change, ChangeKind, subscribe
from accounts.database.threads import look_up
from accounts.texts.invisible import visible
from accounts.time_zones import zone_of
from accounts.vendors.connection import Connection
from mcpservers.errors import ServerUnknown, TokenRequired
from mcpservers.models import MCPServer
from mcpservers.offers import Audience, Offer, offer_of
from mcpservers.search.listing import WRITE
from mcpservers.search.mode import SearchMode
from tools.catalogue.tool import ToolSet
from tools.catalogue.toolbox import shared_connection

Revisions = tuple[int, int, int]
REVISIONS = ("revision", "account__revision", "account__integration__revision")
SERVER_BYTES = 900
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class ResolvedServer:
    """A live server, ready to answer. `expires_at` is Unix time; if `connection` is None, `unusable` says why.

    `key` is what it is cached by: its token's digest, or what `sign_in_key` returns.
    """

    key: bytes = field(repr=False)
    server_id: UUID
    account_id: UUID
    environment_id: UUID
    name: str
    account_name: str
    results: str
    require_api_token_auth: bool
    sign_in: bool
    expires_at: float | None
    offer: Offer = field(repr=False)
    connection: Connection | None
    unusable: str
    zone: ZoneInfo
    revisions: Revisions
    holder: Holder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Once for a server, not for each request.
        object.__setattr__(self, "holder", Holder(HolderKind.SERVER, self.server_id))

    @property
    def vendor(self) -> str:
        return self.offer.vendor

    @property
    def tools(self) -> ToolSet:
        return self.offer.tools

    @property
    def search(self) -> SearchMode | None:
        """None unless the server is in search mode."""
        return self.offer.search

    @property
    def instructions(self) -> str:
        """How a model should use the server's tools."""
        return self.offer.instructions(self.account_name, self.zone)

    @property
    def info(self) -> dict[str, str]:
        """MCP's `Implementation` object for the server."""
        return {"name": product.NAME, "title": visible(self.name), "version": product.VERSION}

    @property
    def weight(self) -> int:
        """Roughly how many bytes it takes beside its offer and its connection."""
        return SERVER_BYTES + len(self.name) + len(self.account_name) + len(self.unusable)

    def is_affected_by(self, change: Change) -> bool:
        """Return whether a change is one of the server, its account or its integration."""
        match change.kind:
            case ChangeKind.SERVER:
                return change.may_be_of(self.server_id)
            case ChangeKind.ACCOUNT:
                return change.may_be_of(self.account_id)
            case ChangeKind.INTEGRATION:
                return change.may_be_of(self.offer.integration_id)
        return False

    def may_write(self, name: str) -> bool:
        """Return whether a client that calls a name may change the vendor's data."""
        if self.search is not None:
            return name == WRITE
        tool = self.tools.tools.get(name)
        return tool is not None and not tool.read_only


def holders_of(server: ResolvedServer, token_id: UUID | None, connected_id: int | None) -> tuple[Holder, ...]:
    """Return whose allowances a request uses: the server's, and its API token's or its connected person's."""
    if token_id is not None:
        return (server.holder, Holder(HolderKind.TOKEN, token_id))
    return (server.holder,) if connected_id is None else (server.holder, Holder(HolderKind.CONNECTED, connected_id))


def sign_in_key(server_id: UUID, *, reads_only: bool) -> bytes:
    """Return a key of a server that asks for sign-in: it has one for each set of tools that people may grant."""
    return (b"r" if reads_only else b"w") + server_id.bytes


def _resolution_of(key: bytes) -> tuple[MCPServer | None, bool]:
    """Read the live server of a key; return it and whether only its reads are offered."""
    if len(key) == DIGEST_BYTES:
        return MCPServer.objects.open_to(key), False
    return MCPServer.objects.open_to_people(UUID(bytes=key[1:])), key[:1] == b"r"


async def resolve_for_people(server_id: UUID, *, reads_only: bool) -> ResolvedServer:
    """Return a live server that asks for sign-in, with its reads alone or all its tools; raise ServerUnknown."""
    server = await resolve_again(sign_in_key(server_id, reads_only=reads_only))
    if server is None:
        raise ServerUnknown
    return server


async def resolve(token: str) -> ResolvedServer:
    """Return the live server of a token, or raise ServerUnknown."""
    digest = tokens.digest(token)
    server = _servers.peek(digest)
    if server is None:
        # A guess without a valid checksum costs no query.
        if not tokens.is_well_formed(token, tokens.MCP_PREFIX):
            raise ServerUnknown
        server = await _servers.get(digest)
    # Checked on cached servers too, so that expiry takes effect at once.
    if server is None or (server.expires_at is not None and server.expires_at <= time.time()):
        raise ServerUnknown
    return server


async def resolve_again(key: bytes) -> ResolvedServer | None:
    """Return the current server of a key; None if it is deleted, paused or expired."""
    server = await _servers.get(key)
    return None if server is None or (server.expires_at is not None and server.expires_at <= time.time()) else server


async def outdated(servers: Collection[ResolvedServer]) -> set[bytes]:
    """Return the keys of those that the database has with other revisions or not as live, and drop them here."""
    found: set[bytes] = await look_up(_outdated, servers)
    if found:
        _servers.forget(lambda server: server.key in found)
    return found


def _outdated(servers: Collection[ResolvedServer]) -> set[bytes]:
    wanted = {server.server_id for server in servers}
    rows = MCPServer.objects.live().filter(pk__in=wanted).order_by().values_list("pk", *REVISIONS)
    present = {server_id: tuple(revisions) for server_id, *revisions in rows}
    return {server.key for server in servers if present.get(server.server_id) != server.revisions}


async def authorise(server: ResolvedServer, authorization: str, address: str) -> TokenGrant | None:
    """Return the grant of the bearer token; None if the server does not require one.

    Raises TokenRequired without a valid token, and AddressRefused if it may not be used from the client's address.
    """
    if not server.require_api_token_auth:
        return None
    grant = await grant_of(bearer_token(authorization), address)
    if grant is None or grant.environment_id != server.environment_id:
        raise TokenRequired
    return grant


async def _load(key: bytes, previous: ResolvedServer | None) -> ResolvedServer | None:
    return await look_up(_read, key, previous)


def _read(key: bytes, previous: ResolvedServer | None) -> ResolvedServer | None:
    """Read a server, and resolve it again if its revisions differ from the previous ones."""
    row, reads_only = _resolution_of(key)
    if row is None:
        return None
    if previous is not None and previous.revisions == _revisions(row):
        return previous
    return _resolved(row, key, reads_only=reads_only)


def resolved(server: MCPServer) -> ResolvedServer:
    """Return the server as a client would find it now, whether or not it is live."""
    rows = MCPServer.objects.select_related("account__integration").defer("account__integration__definition")
    row = rows.get(pk=server.pk)
    return _resolved(row, sign_in_key(row.pk, reads_only=False) if row.sign_in else bytes(row.digest))


def _revisions(row: MCPServer) -> Revisions:
    return row.revision, row.account.revision, row.account.integration.revision


def _resolved(row: MCPServer, key: bytes, *, reads_only: bool = False) -> ResolvedServer:
    account = row.account
    offer = offer_of(
        account.integration,
        row.methods,
        row.tags,
        row.tools,
        search_mode=row.search_mode,
        with_output=row.lists_output,
        audience=_audience(row, reads_only=reads_only),
    )
    ends = row.ends_for(key)
    connection, unusable = shared_connection(account, offer.catalogue)
    return ResolvedServer(
        key=key,
        server_id=row.pk,
        # The connection's, so that all servers of an account have the same objects.
        account_id=connection.account_id if connection else account.pk,
        environment_id=connection.environment_id if connection else account.environment_id,
        name=row.name,
        account_name=connection.account_name if connection else account.name,
        results=row.results,
        require_api_token_auth=row.require_api_token_auth,
        sign_in=row.sign_in,
        expires_at=ends.timestamp() if ends else None,
        offer=offer,
        connection=connection,
        unusable=unusable,
        zone=zone_of(account.time_zone),
        revisions=_revisions(row),
    )


def _audience(row: MCPServer, *, reads_only: bool) -> Audience:
    if not row.sign_in:
        return Audience.HOLDER
    return Audience.READER if reads_only else Audience.PERSON


_servers: FreshCache[bytes, ResolvedServer] = FreshCache(
    _load, name="server", weigh=lambda server: server.weight, watch=change_watch
)


def _affected(change: Change) -> Callable[[ResolvedServer], bool]:
    return lambda server: server.is_affected_by(change)


def _follow(change: Change | None) -> None:
    """Have what a change elsewhere affects compared with the database; None is an unknown one."""
    if change is not None and change.kind is not ChangeKind.TOKEN:
        _servers.doubt(_affected(change))


subscribe(lambda change: _servers.forget(_affected(change)))
change_watch.follow(_follow)
