"""What people allow clients: ask for it, allow it, end it. Each change is in the audit record."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.models import Membership, Role, User
from accounts.people.disabling import ends_with_disabling
from mcpservers.errors import ConsentRefused, FactorMissing, ResourceUnknown
from mcpservers.models import AccessToken, MCPServer, PersonConnection, RefreshToken, RegisteredClient
from mcpservers.sign_in.addresses import server_named
from mcpservers.sign_in.scopes import WRITE, granted


def server_asked_for(resources: Collection[str]) -> MCPServer:
    """Return the live server that an authorization request names (RFC 8707, 2); raise ResourceUnknown."""
    named = server_named(next(iter(resources))) if len(resources) == 1 else None
    live = MCPServer.objects.live().filter(sign_in=True).select_related("account__environment", "account__integration")
    server = live.filter(pk=named).first() if named else None
    if server is None:
        raise ResourceUnknown("The parameter resource names no MCP server that people sign in to here.")
    return server


@dataclass(frozen=True)
class ConsentRequest:
    """A client asks a person for scopes at a server, of whose environment the person is a member."""

    server: MCPServer
    client: RegisteredClient
    membership: Membership
    scopes: tuple[str, ...]

    @property
    def person(self) -> User:
        return self.membership.user

    @property
    def role(self) -> Role:
        return Role(self.membership.role)

    @property
    def wants_write(self) -> bool:
        """Whether the client asks for `write`, and the person may grant it."""
        return WRITE in granted(self.scopes, self.role, reads_only=False)

    @property
    def may_write(self) -> bool:
        """Whether the person could grant `write`, asked for or not."""
        return WRITE in granted([WRITE], self.role, reads_only=False)

    def held(self) -> PersonConnection | None:
        """Return what the person has allowed the client, as it is now, at the server; None if that has ended."""
        rows = PersonConnection.objects.filter(server=self.server, client=self.client, membership=self.membership)
        row = rows.first()
        return None if row is None or row.is_over or row.fingerprint != self.client.fingerprint else row

    def is_allowed_by(self, connection: PersonConnection) -> bool:
        """Return whether a connection covers everything that is asked for, and the client need not ask each time."""
        wanted = granted(self.scopes, self.role, reads_only=False)
        return not self.client.is_shared and {*self.allowed_by(connection)} >= {*wanted}

    def allowed_by(self, connection: PersonConnection) -> tuple[str, ...]:
        """Return what of the scopes that are asked for a connection covers."""
        return granted(connection.granted & {*self.scopes}, self.role, reads_only=connection.reads_only)


def asking(server: MCPServer, client: RegisteredClient, person: User, scopes: Iterable[str]) -> ConsentRequest:
    """Return what a client asks for; raise ConsentRefused if the person may not enter the server's environment."""
    memberships = Membership.objects.select_related("user", "environment")
    membership = memberships.filter(user=person, environment=server.account.environment_id).first()
    if membership is None:
        raise ConsentRefused(
            f"You are signed in as {person.get_username()}, who does not belong to the environment of this MCP server. "
            "Nothing was allowed. Ask an admin of that environment to invite you: whoever gave you the server's "
            "address knows who that is."
        )
    if not Membership.objects.filter(pk=membership.pk).enterable().exists():
        raise FactorMissing(
            f"{membership.environment} takes two-factor sign-in, and you have not set it up. Nothing was allowed. "
            "Set it up in your profile, then let the client ask again."
        )
    return ConsentRequest(server, client, membership, tuple(scopes))


@transaction.atomic
def allow(asked: ConsentRequest, *, reads_only: bool, ends_at: datetime | None) -> PersonConnection:
    """Allow a client what it asks for, or less; what was granted before stays.

    Of what has ended, or was granted to the client when it was another, nothing stays, nor do its tokens.
    """
    held = asked.held()
    if held is None:
        end_tokens(PersonConnection.objects.filter(server=asked.server, user=asked.person, client=asked.client))
    before = held.granted if held is not None else frozenset()
    scopes = granted({*asked.scopes, *before}, asked.role, reads_only=reads_only)
    connection, _ = PersonConnection.objects.update_or_create(
        server=asked.server,
        user=asked.person,
        client=asked.client,
        defaults={
            "membership": asked.membership,
            "scopes": " ".join(scopes),
            "reads_only": reads_only,
            "fingerprint": asked.client.fingerprint,
            "ends_at": ends_at,
        },
    )
    details = {"client": str(asked.client), "client_id": asked.client.client_id, "scopes": list(scopes)}
    ends = ends_at.isoformat() if ends_at else None
    audit.record(asked.person, "connection.allowed", connection.audit_subject, {**details, "ends_at": ends})
    return connection


@transaction.atomic
def end_connections(connections: Iterable[PersonConnection], actor: audit.Actor, why: str = "") -> int:
    """End connections with all their tokens; return how many there were."""
    ended = 0
    for connection in connections:
        # Recorded first, since a deleted row has lost its primary key.
        audit.record(actor, "connection.ended", connection.audit_subject, {"why": why} if why else {})
        connection.delete()
        ended += 1
    return ended


def end_tokens(connections: QuerySet[PersonConnection]) -> None:
    """End every token of connections, which themselves stay: clients have to ask again."""
    AccessToken.objects.filter(connection__in=connections).delete()
    RefreshToken.objects.filter(connection__in=connections).delete()


@ends_with_disabling
def end_connections_of(person: User, actor: audit.Actor) -> int:
    """End all connections of a person who is disabled; return how many there were."""
    rows = PersonConnection.objects.filter(user=person).select_related("server__account", "user", "client")
    return end_connections(rows, actor, f"{person.get_username()} was deactivated")
