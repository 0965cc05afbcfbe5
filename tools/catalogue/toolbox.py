"""What an account can do right now: its tools and its connection, cached in the process.

An entry is served for a second; then its revisions are compared with the database's, and it is rebuilt only if they
differ. A change made in this process drops it at once.
"""

from dataclasses import dataclass, field
from uuid import UUID

from accounts.changes import Change, ChangeKind, subscribe
from accounts.database.threads import look_up
from accounts.errors import CredentialsUnreadable, DefinitionInvalid, SecretsMoved, UpstreamForbidden
from accounts.freshness import FreshCache
from accounts.models import IntegratedAccount
from accounts.vendors.connection import Connection, connect
from tools.catalogue.compilation import Catalogue, catalogue_of
from tools.catalogue.unusable import ADDRESS, DEFINITION, ENABLE, RECONNECT, UNREADABLE, log_unreadable

Revisions = tuple[int, int]


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
    connection, unusable = usable_connection(account)
    return Toolbox(
        account_id=account.pk,
        environment_id=account.environment_id,
        integration_id=account.integration_id,
        vendor=account.integration.label,
        catalogue=catalogue_of(account.integration),
        connection=connection,
        unusable=unusable,
        revisions=revisions,
    )


def usable_connection(account: IntegratedAccount) -> tuple[Connection | None, str]:
    """Return an account's connection, or None and why it cannot be used, with what to do about it."""
    if account.status == account.Status.DISABLED:
        return None, f"The account {account.name!r} is switched off. {ENABLE}"
    if account.status == account.Status.NEEDS_REAUTH:
        why = f": {account.stopped}" if account.stopped else ""
        return None, f"The account {account.name!r} must be connected again{why}. {RECONNECT}"
    try:
        return connect(account, account.integration.parsed()), ""
    except SecretsMoved as moved:
        return None, f"The account {account.name!r} must be connected again: {moved}. {RECONNECT}"
    except UpstreamForbidden as forbidden:
        return None, f"The account {account.name!r} cannot be used: {forbidden}. {ADDRESS}"
    except CredentialsUnreadable as unreadable:
        log_unreadable(account.pk, unreadable)
        return None, UNREADABLE.format(account=account.name)
    except DefinitionInvalid:
        return None, f"The definition of {account.integration.label} is not valid at present. {DEFINITION}"


_toolboxes: FreshCache[UUID, Toolbox] = FreshCache(_load, name="toolbox")


def _forget(change: Change) -> None:
    match change.kind:
        case ChangeKind.ACCOUNT:
            _toolboxes.forget(lambda toolbox: toolbox.account_id == change.id)
        case ChangeKind.INTEGRATION:
            _toolboxes.forget(lambda toolbox: toolbox.integration_id == change.id)


subscribe(_forget)
