"""Connect, change and disconnect integrated accounts, recorded in the audit record."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.definition import AuthorizationCodeAuthentication, Definition
from accounts.errors import (
    AccountChanged,
    ConnectionRefused,
    ConsentNeeded,
)
from accounts.integrated_accounts.moves import current_definition, settle
from accounts.integrated_accounts.replacement import ConnectionChange, NewConnection, changed_connection, check_base_url
from accounts.models import Environment, IntegratedAccount, Integration, User
from accounts.token_sets import TokenSet
from accounts.vendors.authentication import fill
from accounts.vendors.connection_fields import split_fields
from accounts.vendors.connection_test import first_tokens, verify_connection
from accounts.vendors.oauth import grants
from accounts.vendors.routes import approve
from accounts.vendors.secret_routes import routes_of

Connected = tuple[dict[str, Any], str, str, list[Any]]

# The fields that a connection test sets.
CHECKED = frozenset({"status", "stopped", "refusal", "scopes", "checked_at"})
# Saved together: one admin's secret must never be combined with another's address.
CONNECTION = frozenset({"connection", "credentials", "base_url", "approved_routes", "status", "stopped", "refusal"})


def connect_account(
    environment: Environment,
    integration: Integration,
    actor: audit.Actor,
    *,
    name: str,
    fields: dict[str, Any],
    base_url: str = "",
    time_zone: str = "",
    verify: bool = True,
    tokens: TokenSet | None = None,
) -> IntegratedAccount:
    """Connect an account and return it; `tokens` come from a person's consent, if the vendor requires it.

    Raises ConnectionIncomplete for missing or wrong fields, ConsentNeeded, and ConnectionRefused if the vendor does not
    accept them; then nothing is saved.
    """
    check_base_url(base_url)
    definition = integration.parsed()
    opened, secret = split_fields(definition, fields, base_url)
    if needs_consent(definition) and tokens is None:
        raise ConsentNeeded(definition.label)
    account = IntegratedAccount(
        environment=environment,
        integration=integration,
        name=name,
        connection=opened,
        base_url=base_url,
        time_zone=time_zone,
    )
    account.created_by = actor if isinstance(actor, User) else None
    account.set_credentials(secret)
    approve(account, routes_of(definition, opened, base_url))
    # Before the transaction, which must not stay open while the vendor answers.
    if verify:
        tokens = tokens or first_tokens(account)
        verify_connection(account, tokens)
    with transaction.atomic():
        settle_now(account)
        account.save()
        if tokens is not None:
            grants.store(account, tokens)
        audit.record(actor, "integrated_account.connected", account.audit_subject, {"integration": integration.name})
    return account


def reconnect_account(
    account: IntegratedAccount,
    actor: audit.Actor,
    *,
    name: str | None = None,
    fields: dict[str, Any] | None = None,
    base_url: str | None = None,
    verify: bool = True,
    tokens: TokenSet | None = None,
    given: frozenset[str] | None = None,
) -> None:
    """Change an account's name, connection fields or address; omitted fields keep their values.

    `tokens` come from a person's consent, which a vendor may require for changing connection fields; `given` names the
    fields that they entered, as opposed to those carried through the consent.

    Secrets are only sent to the address they were given for: if that changes, each has to be given again. A disabled
    account stays disabled.

    Raises the errors of connect_account, CredentialsUnreadable, and AccountChanged; then nothing is saved.
    """
    names = ["name"] if name is not None and name != account.name else []
    before = connection_of(account)
    account.name = account.name if name is None else name
    if fields is None and base_url is None:
        if names:
            _rename(account, actor)
        return
    definition = account.integration.parsed()
    requested = ConnectionChange(fields, base_url, given)
    changed = changed_connection(account, definition, requested)
    if needs_consent(definition) and tokens is None and (changed.move or fields is not None):
        raise ConsentNeeded(definition.label)
    details = _changes(account, definition, requested, changed, names)
    _take_over(account, changed)
    if verify:
        tokens = tokens or first_tokens(account)
        verify_connection(account, tokens)
    with transaction.atomic():
        settle_now(account)
        _refuse_overtaken(account, before)
        keep_disabled(account)
        save_account(account, {*names, *CONNECTION, *(CHECKED if verify else ())})
        _keep_tokens(account, tokens, moved=changed.move is not None)
        audit.record(actor, "integrated_account.changed", account.audit_subject, details)


@transaction.atomic
def _rename(account: IntegratedAccount, actor: audit.Actor) -> None:
    save_account(account, {"name"})
    audit.record(actor, "integrated_account.changed", account.audit_subject, {"changed": ["name"]})


@transaction.atomic
def set_time_zone(account: IntegratedAccount, actor: audit.Actor, time_zone: str) -> None:
    """Say where an account's team works; the name must be one of accounts.time_zones, or empty for UTC."""
    if time_zone == account.time_zone:
        return
    account.time_zone = time_zone
    save_account(account, {"time_zone"})
    audit.record(actor, "integrated_account.changed", account.audit_subject, {"changed": ["time_zone"]})


def _keep_tokens(account: IntegratedAccount, tokens: TokenSet | None, *, moved: bool) -> None:
    """Save a change's new tokens; forget the old ones of a moved account, which are useless elsewhere."""
    if tokens is not None:
        grants.store(account, tokens)
    elif moved:
        grants.forget(account)


def _take_over(account: IntegratedAccount, changed: NewConnection) -> None:
    account.connection, account.base_url = changed.opened, changed.base_url
    account.set_credentials(changed.secret)
    approve(account, changed.routes)
    # Secrets that would have gone elsewhere were just given for the new address, and none of them was refused yet.
    if account.stopped or account.refusal:
        account.status, account.stopped, account.refusal = account.Status.ACTIVE, "", ""


def connection_of(account: IntegratedAccount) -> Connected:
    """Return the fields of an account's connection, which must change together."""
    return account.connection, account.credentials, account.base_url, account.approved_routes


def _refuse_overtaken(account: IntegratedAccount, before: Connected) -> None:
    """Raise AccountChanged if somebody else has changed the connection since `before` was read."""
    row = IntegratedAccount.objects.select_for_update().filter(pk=account.pk).first()
    if row is not None and row.revision != account.revision and connection_of(row) != before:
        raise AccountChanged(account.name)


def _changes(
    account: IntegratedAccount,
    definition: Definition,
    requested: ConnectionChange,
    changed: NewConnection,
    names: list[str],
) -> dict[str, Any]:
    """Return a change's audit details: field names, addresses, and the names of secrets given."""
    if changed.base_url != account.base_url:
        names = [*names, "base_url"]
    details: dict[str, Any] = {"changed": [*names, *sorted(requested.names)]}
    before = account.base_url or fill(definition.base_url, account.connection)
    after = changed.base_url or fill(definition.base_url, changed.opened)
    if before != after:
        details["address"] = {"from": before, "to": after}
    elif changed.move is not None:
        details["address"] = changed.move.details
    secrets = sorted(requested.names & definition.secret_fields)
    return {**details, "secrets_given": secrets} if secrets else details


def needs_consent(definition: Definition) -> bool:
    """Return whether a person must consent at the vendor before an account can be used."""
    return isinstance(definition.authentication, AuthorizationCodeAuthentication)


def settle_now(account: IntegratedAccount, *, stored: bool = False) -> None:
    """Update an account's status for the current definition; call it in the transaction that saves the account.

    With `stored`, judge the connection in the database instead of the one in memory.
    """
    definition = current_definition(account)
    if stored and IntegratedAccount.objects.select_for_update().filter(pk=account.pk).exists():
        account.refresh_from_db(fields=["connection", "base_url", "approved_routes"])
    if definition is not None:
        settle(account, definition)


def keep_disabled(account: IntegratedAccount) -> None:
    """Leave an account disabled that is so in the database, whatever a test found (not saved)."""
    if IntegratedAccount.objects.filter(pk=account.pk, status=account.Status.DISABLED).exists():
        account.status, account.stopped = account.Status.DISABLED, ""


@transaction.atomic
def set_enabled(account: IntegratedAccount, actor: audit.Actor, *, enabled: bool) -> None:
    """Enable or disable an account; the tools of a disabled one answer that it is.

    An account whose secrets would go to another address stays stopped until an admin gives them again. One whose vendor
    refused its tokens asks for them again at its next call.
    """
    account.status = account.Status.ACTIVE if enabled else account.Status.DISABLED
    account.stopped = account.refusal = ""
    settle_now(account, stored=True)
    if enabled:
        grants.ask_again(account)
    save_account(account, {"status", "stopped", "refusal"})
    audit.record(
        actor, "integrated_account.enabled" if enabled else "integrated_account.disabled", account.audit_subject
    )


@transaction.atomic
def disconnect_account(account: IntegratedAccount, actor: audit.Actor) -> None:
    """Delete an account with its MCP servers, whose URLs are refused from now on."""
    # Locked first, in the same order as a token refresh, to avoid deadlocks.
    IntegratedAccount.objects.select_for_update().filter(pk=account.pk).first()
    audit.record(actor, "integrated_account.disconnected", account.audit_subject)
    account.delete()


@transaction.atomic
def save_account(account: IntegratedAccount, fields: Iterable[str]) -> None:
    """Save these fields of an account.

    The other fields are left alone, because they may have changed while the vendor answered. Raises ConnectionRefused
    for an account that was disconnected meanwhile, which must not come back.
    """
    if not IntegratedAccount.objects.select_for_update().filter(pk=account.pk).exists():
        raise ConnectionRefused(f"The account {account.name!r} was disconnected meanwhile.")
    account.save(update_fields=fields)
