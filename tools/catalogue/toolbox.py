"""What an account can do right now: its tools and its connection, cached in the process.

An entry is served for a second; then its revisions are compared with the database's, and it is rebuilt only if they
differ. A change made in this process drops it at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from accounts.caches.change_watch import change_watch
from accounts.caches.freshness import FreshCache
from accounts.caches.shared_values import SharedValues
from accounts.changes import Change, ChangeKind, subscribe
from accounts.database.threads import look_up
from accounts.errors import CredentialsUnreadable, DefinitionInvalid, SecretsMoved, UpstreamForbidden
from accounts.models import IntegratedAccount
from accounts.vendors.connection import Connection, connect
from tools.catalogue.compilation import Catalogue, catalogue_of
from tools.catalogue.unusable import ADDRESS, DEFINITION, ENABLE, RECONNECT, UNREADABLE, log_unreadable

Revisions = tuple[int, int]
TOOLBOX_BYTES = 700
# A connection that is in use, with its headers and the forms of its secrets that answers are searched for.
CONNECTION_BYTES, BYTES_A_SECRET_CHARACTER = 3_000, 40


@dataclass(frozen=True, slots=True)
class Toolbox:
    """An account, ready to be called; if it cannot be used, `connection` is None and `unusable` says why."""

    account_id: UUID
    environment_id: UUID
    integration_id: UUID
    vendor: str
    catalogue: Catalogue = field(repr=False)
    connection: Connection | None
    unusable: str
    revisions: Revisions


async def toolbox_of(account_id: UUID) -> Toolbox | None:
    """Return an account's toolbox; None if there is no such account."""
    return await _toolboxes.get(account_id)


async def _load(account_id: UUID, before: Toolbox | None) -> Toolbox | None:
    return await look_up(_read, account_id, before)


def _read(account_id: UUID, before: Toolbox | None) -> Toolbox | None:
    """Read an account's revisions; rebuild its toolbox only if they changed."""
    # What is deferred is read only if the revisions changed.
    account = (
        IntegratedAccount.objects.select_related("integration")
        .defer("integration__definition", "credentials")
        .filter(pk=account_id)
        .first()
    )
    if account is None:
        return None
    revisions = (account.revision, account.integration.revision)
    if before is not None and before.revisions == revisions:
        return before
    catalogue = catalogue_of(account.integration)
    connection, unusable = shared_connection(account, catalogue)
    return Toolbox(
        account_id=account.pk,
        environment_id=account.environment_id,
        integration_id=account.integration_id,
        vendor=account.integration.label,
        catalogue=catalogue,
        connection=connection,
        unusable=unusable,
        revisions=revisions,
    )


def usable_connection(account: IntegratedAccount) -> tuple[Connection | None, str]:
    """Return an account's connection, or None and why it cannot be used, with what to do about it."""
    return _usable(account, lambda: connect(account, account.integration.parsed()))


def shared_connection(account: IntegratedAccount, catalogue: Catalogue) -> tuple[Connection | None, str]:
    """Return the same as `usable_connection`; the servers and the toolbox of an account's revision share one."""
    definition = catalogue.definition
    if definition is None:
        return _usable(account, lambda: connect(account, account.integration.parsed()))
    version = (account.revision, account.integration.revision)
    return _usable(account, lambda: _connections.get(account.pk, version, partial(connect, account, definition)))


def _usable(account: IntegratedAccount, connecting: Callable[[], Connection]) -> tuple[Connection | None, str]:
    if account.status == account.Status.DISABLED:
        return None, f"The account {account.name!r} is switched off. {ENABLE}"
    if account.status == account.Status.NEEDS_REAUTH:
        # Not the vendor's own words: models read this as Patchbay's.
        refused = f": {account.integration.label} refuses its credentials" if account.refusal else ""
        why = f": {account.stopped}" if account.stopped else refused
        return None, f"The account {account.name!r} must be connected again{why}. {RECONNECT}"
    try:
        return connecting(), ""
    except SecretsMoved as moved:
        return None, f"The account {account.name!r} must be connected again: {moved}. {RECONNECT}"
    except UpstreamForbidden as forbidden:
        return None, f"The account {account.name!r} cannot be used: {forbidden}. {ADDRESS}"
    except CredentialsUnreadable as unreadable:
        log_unreadable(account.pk, unreadable)
        return None, UNREADABLE.format(account=account.name)
    except DefinitionInvalid:
        return None, f"The definition of {account.integration.label} is not valid at present. {DEFINITION}"


def _weight(connection: Connection) -> int:
    return CONNECTION_BYTES + BYTES_A_SECRET_CHARACTER * sum(map(len, connection.authentication.secrets.values))


_connections: SharedValues[Connection] = SharedValues("connection", _weight)
_toolboxes: FreshCache[UUID, Toolbox] = FreshCache(
    _load, name="toolbox", weigh=lambda _: TOOLBOX_BYTES, watch=change_watch
)


def _affected(change: Change) -> Callable[[Toolbox], bool]:
    match change.kind:
        case ChangeKind.ACCOUNT:
            return lambda toolbox: change.may_be_of(toolbox.account_id)
        case ChangeKind.INTEGRATION:
            return lambda toolbox: change.may_be_of(toolbox.integration_id)
    return lambda _: False


def _follow(change: Change | None) -> None:
    """Have what a change elsewhere affects compared with the database; None is an unknown one."""
    if change is not None:
        _toolboxes.doubt(_affected(change))


subscribe(lambda change: _toolboxes.forget(_affected(change)))
change_watch.follow(_follow)
