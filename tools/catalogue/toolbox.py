"""What an account can do right now: its tools and its connection, cached in the process.

An entry is served for a second; then its revisions are compared with the database's, and it is rebuilt only if they
differ. A change made in this process drops it at once.
"""

from dataclasses import dataclass, field
from uuid import UUID

from channels.db import database_sync_to_async

from accounts.changes import Change, ChangeKind, subscribe
from accounts.errors import CredentialsUnreadable, DefinitionInvalid, SecretsMoved, UpstreamForbidden
from accounts.freshness import FreshCache
from accounts.models import IntegratedAccount
from accounts.vendors.connection import Connection, connect
from tools.catalogue.compilation import Catalogue, catalogue_of

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
    toolbox: Toolbox | None = await database_sync_to_async(_read)(account_id, before)
    return toolbox


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
    """Return an account's connection, or None and a sentence that says why it cannot be used."""
    if account.status != account.Status.ACTIVE:
        words = {"disabled": "is switched off", "needs_reauth": "must be connected again"}[account.status]
        # Not the vendor's own words: models read this as Patchbay's.
        refused = f": {account.integration.label} refuses its credentials" if account.refusal else ""
        why = f": {account.stopped}" if account.stopped else refused
        return None, f"The account {account.name!r} {words}{why}."
    try:
        return connect(account, account.integration.parsed()), ""
    except SecretsMoved as moved:
        return None, f"The account {account.name!r} must be connected again: {moved}."
    except UpstreamForbidden as forbidden:
        return None, f"The account {account.name!r} cannot be used: {forbidden}."
    except CredentialsUnreadable:
        return None, f"The stored credentials of the account {account.name!r} cannot be read."
    except DefinitionInvalid:
        return None, f"The definition of {account.integration.label} is not valid at present."


_toolboxes: FreshCache[UUID, Toolbox] = FreshCache(_load, name="toolbox")


def _forget(change: Change) -> None:
    match change.kind:
        case ChangeKind.ACCOUNT:
            _toolboxes.forget(lambda toolbox: toolbox.account_id == change.id)
        case ChangeKind.INTEGRATION:
            _toolboxes.forget(lambda toolbox: toolbox.integration_id == change.id)


subscribe(_forget)
