"""Connect, change and disconnect integrated accounts, each with a trace in the audit record."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.changes import Kind, announce
from accounts.connection_test import first_tokens, verify_connection
from accounts.definition import AuthorizationCodeAuthentication, Definition
from accounts.errors import (
    AccountChanged,
    ConnectionIncomplete,
    ConnectionRefused,
    ConsentNeeded,
    CredentialsUnreadable,
)
from accounts.models import Environment, IntegratedAccount, Integration, User
from accounts.moves import current_definition, settle
from accounts.oauth import grants
from accounts.oauth.tokens import TokenSet
from accounts.secret_routes import address_fields, again_words, approve, approved_routes, routes_of
from accounts.vendors.addresses import base_url_problem
from accounts.vendors.authentication import fill
from accounts.vendors.connections import split_fields
from accounts.vendors.routes import Move, Route, move_between

# A secret that is part of an address moves the account, although routes, which hold no secret, do not show it.
BESIDE_AN_ADDRESS = "Give it again: a secret part of the address is new, and the stored one is not sent there."
Connected = tuple[dict[str, Any], str, str, list[Any]]

# What a connection test notes on an account.
CHECKED = frozenset({"status", "stopped", "scopes", "checked_at"})


def connect_account(
    environment: Environment,
    integration: Integration,
    actor: audit.Actor,
    *,
    name: str,
    fields: dict[str, Any],
    base_url: str = "",
    verify: bool = True,
    tokens: TokenSet | None = None,
) -> IntegratedAccount:
    """Connect an account and return it; `tokens` are what a person's consent brought, where the vendor asks for it.

    Raises ConnectionIncomplete for fields that are missing or wrong, ConsentNeeded, and ConnectionRefused when the
    vendor does not accept them; then nothing is saved.
    """
    check_base_url(base_url)
    definition = integration.parsed()
    opened, secret = split_fields(definition, fields, base_url)
    if needs_consent(definition) and tokens is None:
        raise ConsentNeeded(definition.label)
    account = IntegratedAccount(
        environment=environment, integration=integration, name=name, connection=opened, base_url=base_url
    )
    account.created_by = actor if isinstance(actor, User) else None
    account.set_credentials(secret)
    approve(account, routes_of(definition, opened, base_url))
    if verify:
        tokens = tokens or first_tokens(account)
        verify_connection(account, tokens)
    with transaction.atomic():
        settle_now(account)
        account.save()
        if tokens is not None:
            grants.store(account, tokens)
        note(account, actor, "connected", {"integration": integration.name})
    return account


@dataclass(frozen=True)
class Asked:
    """How an account's connection shall be: fields that are left out or empty stay, and so does a `base_url` of None.

    `given` names the fields that a person typed, where `fields` hold others too.
    """

    fields: dict[str, Any] | None = field(default=None, repr=False)
    base_url: str | None = None
    given: frozenset[str] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The fields that are given."""
        return {key: value for key, value in (self.fields or {}).items() if value not in ("", None)}

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields that a person typed."""
        return frozenset(self.values) if self.given is None else self.given


@dataclass(frozen=True)
class Changed:
    """How an account's connection is going to be, and where that takes its secrets; `move` is None where they stay."""

    opened: dict[str, str]
    secret: dict[str, str] = field(repr=False)
    base_url: str
    routes: frozenset[Route]
    move: Move | None


def changed_connection(account: IntegratedAccount, definition: Definition, asked: Asked) -> Changed:
    """Return the connection that an account would have; nothing is sent, and nothing changes.

    Raises CredentialsUnreadable, and ConnectionIncomplete: also for each secret that is not given again although the
    account's secrets would go elsewhere than they were given for.
    """
    base_url = account.base_url if asked.base_url is None else asked.base_url
    check_base_url(base_url)
    present, kept = present_fields(account, definition, asked.values)
    opened = {name: value for name, value in asked.values.items() if name not in definition.secret_fields}
    routes = routes_of(definition, {**present, **opened}, base_url)
    move = move_between(approved_routes(account), routes)
    if move is not None or asked.values.keys() & definition.secret_fields & address_fields(definition):
        _refuse_kept_secrets(kept.keys() - asked.values.keys(), move)
    opened, secret = split_fields(definition, {**present, **kept, **asked.values}, base_url)
    return Changed(opened, secret, base_url, routes, move)


def _refuse_kept_secrets(kept: set[str], move: Move | None) -> None:
    """Raise ConnectionIncomplete for each stored secret that would follow its account to another address."""
    if kept:
        raise ConnectionIncomplete(dict.fromkeys(kept, again_words(move) if move else BESIDE_AN_ADDRESS))


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
    """Change an account's name, connection fields or address; fields that are not given stay as they are.

    `tokens` are what a person's consent brought, without which connection fields cannot change where it is asked for;
    `given` names the fields that they typed for it, beside those which the consent carried along.

    Secrets are only ever sent where they were given for: where they would go elsewhere, each has to be given again.

    Raises as connect_account does, CredentialsUnreadable, and AccountChanged; then nothing is saved.
    """
    asked = Asked(fields, base_url, given)
    saved: set[str] = set()
    details: dict[str, Any] = {"changed": []}
    if name is not None and name != account.name:
        account.name = name
        saved.add("name")
        details["changed"].append("name")
    changed = None
    before = connection_of(account)
    if fields is not None or base_url is not None:
        definition = account.integration.parsed()
        changed = changed_connection(account, definition, asked)
        if needs_consent(definition) and tokens is None and (changed.move or fields is not None):
            raise ConsentNeeded(definition.label)
        details = _changes(account, definition, asked, changed, details["changed"])
        _take_over(account, changed)
        saved |= {"base_url", "connection", "credentials", "approved_routes"}
        if verify:
            tokens = tokens or first_tokens(account)
            verify_connection(account, tokens)
            saved |= CHECKED
    with transaction.atomic():
        if changed is not None:
            settle_now(account)
            _refuse_overtaken(account, before)
            saved |= {"status", "stopped"}
        save_account(account, saved)
        if tokens is not None:
            grants.store(account, tokens)
        elif changed is not None and changed.move is not None:
            grants.forget(account)
        note(account, actor, "changed", details)


def _take_over(account: IntegratedAccount, changed: Changed) -> None:
    account.connection, account.base_url = changed.opened, changed.base_url
    account.set_credentials(changed.secret)
    approve(account, changed.routes)
    if account.stopped:
        account.status, account.stopped = account.Status.ACTIVE, ""


def connection_of(account: IntegratedAccount) -> Connected:
    """Return what of an account belongs together: a secret of one admin must not meet the address of another."""
    return account.connection, account.credentials, account.base_url, account.approved_routes


def _refuse_overtaken(account: IntegratedAccount, before: Connected) -> None:
    """Raise AccountChanged where somebody else has changed the connection that a change was made from."""
    row = IntegratedAccount.objects.select_for_update().filter(pk=account.pk).first()
    if row is not None and connection_of(row) != before:
        raise AccountChanged(account.name)


def _changes(
    account: IntegratedAccount, definition: Definition, asked: Asked, changed: Changed, names: list[str]
) -> dict[str, Any]:
    """Return what the audit record says of a change: names, addresses, and of secrets that they were given."""
    if changed.base_url != account.base_url:
        names = [*names, "base_url"]
    details: dict[str, Any] = {"changed": [*names, *sorted(asked.names)]}
    before = account.base_url or fill(definition.base_url, account.connection)
    after = changed.base_url or fill(definition.base_url, changed.opened)
    if before != after:
        details["address"] = {"from": before, "to": after}
    elif changed.move is not None:
        details["address"] = changed.move.details
    secrets = sorted(asked.names & definition.secret_fields)
    return {**details, "secrets_given": secrets} if secrets else details


def needs_consent(definition: Definition) -> bool:
    """Tell whether a person must consent at the vendor before an account can be used."""
    return isinstance(definition.authentication, AuthorizationCodeAuthentication)


def check_base_url(base_url: str) -> None:
    """Raise ConnectionIncomplete for an address that cannot stand before a vendor's paths."""
    problem = base_url_problem(base_url)
    if problem:
        raise ConnectionIncomplete({"base_url": problem})


def present_fields(
    account: IntegratedAccount, definition: Definition, given: dict[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return an account's open and secret connection fields, those that the definition still has.

    A stored secret that the definition calls open now stays behind: it would be shown. Raises CredentialsUnreadable,
    unless every secret is given anew: then nothing that cannot be read is needed.
    """
    try:
        secret = account.read_credentials()
    except CredentialsUnreadable:
        if not definition.secret_fields <= given.keys():
            raise
        secret = {}
    known = {field.name for field in definition.connection_fields}
    opened = {name: value for name, value in account.connection.items() if name in known}
    return opened, {name: value for name, value in secret.items() if name in definition.secret_fields}


def settle_now(account: IntegratedAccount, *, stored: bool = False) -> None:
    """Have an account's status fit the definition as it is at this moment, within the transaction that saves it.

    `stored` has the account looked at as its row is now, not as it was read.
    """
    definition = current_definition(account)
    if stored and IntegratedAccount.objects.select_for_update().filter(pk=account.pk).exists():
        account.refresh_from_db(fields=["connection", "base_url", "approved_routes"])
    if definition is not None:
        settle(account, definition)


@transaction.atomic
def set_enabled(account: IntegratedAccount, actor: audit.Actor, *, enabled: bool) -> None:
    """Switch an account off, so that its tools answer that it is, or on again.

    One whose secrets would go elsewhere than they were given for is not on before an admin gives them again.
    """
    account.status = account.Status.ACTIVE if enabled else account.Status.DISABLED
    account.stopped = ""
    settle_now(account, stored=True)
    save_account(account, {"status", "stopped"})
    note(account, actor, "enabled" if enabled else "disabled", {})


@transaction.atomic
def disconnect_account(account: IntegratedAccount, actor: audit.Actor) -> None:
    """Delete an account with its MCP servers; every URL to it is refused from now on."""
    account_id = account.pk
    # Locked first, as by whoever renews its tokens: two who lock in different order would wait for each other.
    IntegratedAccount.objects.select_for_update().filter(pk=account_id).first()
    note(account, actor, "disconnected", {})
    account.delete()
    announce(Kind.ACCOUNT, account_id)


@transaction.atomic
def save_account(account: IntegratedAccount, fields: Iterable[str]) -> None:
    """Save these fields of an account, and have what is held of it in memory read again.

    The others stay as somebody else may have changed them meanwhile: a vendor is slow to answer. Raises
    ConnectionRefused for an account that was disconnected, which must not come back.
    """
    if not IntegratedAccount.objects.select_for_update().filter(pk=account.pk).exists():
        raise ConnectionRefused(f"The account {account.name!r} was disconnected meanwhile.")
    account.save(update_fields=fields)
    announce(Kind.ACCOUNT, account.pk)


def note(account: IntegratedAccount, actor: audit.Actor, action: str, details: dict[str, Any]) -> None:
    """Write what was done to an account into the audit record."""
    audit.record(
        actor,
        f"integrated_account.{action}",
        environment_id=account.environment_id,
        target_id=account.pk,
        target_name=account.name,
        details=details,
    )
