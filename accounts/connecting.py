"""Connect, change and disconnect integrated accounts, each with a trace in the audit record."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.changes import Kind, announce
from accounts.connection_test import first_tokens, verify_connection
from accounts.definition import AuthorizationCodeAuthentication, Definition
from accounts.errors import ConnectionIncomplete, ConnectionRefused, ConsentNeeded, CredentialsUnreadable
from accounts.models import Environment, IntegratedAccount, Integration, User
from accounts.oauth import grants
from accounts.oauth.tokens import TokenSet
from accounts.vendors.addresses import base_url_problem
from accounts.vendors.connections import split_fields

# What a connection test notes on an account.
CHECKED = frozenset({"status", "scopes", "checked_at"})


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
    if verify:
        tokens = tokens or first_tokens(account)
        verify_connection(account, tokens)
    with transaction.atomic():
        account.save()
        if tokens is not None:
            grants.store(account, tokens)
        note(account, actor, "connected", {"integration": integration.name})
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
) -> None:
    """Change an account's name, connection fields or address; fields that are not given stay as they are.

    `tokens` are what a person's consent brought, without which connection fields cannot change where it is asked for.

    Raises as connect_account does, and CredentialsUnreadable; then nothing is saved.
    """
    changed = []
    if name is not None and name != account.name:
        account.name = name
        changed.append("name")
    if base_url is not None and base_url != account.base_url:
        check_base_url(base_url)
        account.base_url = base_url
        changed.append("base_url")
    if fields is not None:
        definition = account.integration.parsed()
        given = {key: value for key, value in fields.items() if value not in ("", None)}
        opened, secret = split_fields(definition, merged_fields(account, definition, fields), account.base_url)
        if needs_consent(definition) and tokens is None:
            raise ConsentNeeded(definition.label)
        account.connection = opened
        account.set_credentials(secret)
        changed += sorted(given)
    saved = {*changed} & {"name", "base_url"} | ({"connection", "credentials"} if fields is not None else set())
    if verify and (fields is not None or base_url is not None):
        tokens = tokens or first_tokens(account)
        verify_connection(account, tokens)
        saved |= CHECKED
    with transaction.atomic():
        save_account(account, saved)
        if tokens is not None:
            grants.store(account, tokens)
        note(account, actor, "changed", {"changed": changed})


def needs_consent(definition: Definition) -> bool:
    """Tell whether a person must consent at the vendor before an account can be used."""
    return isinstance(definition.authentication, AuthorizationCodeAuthentication)


def check_base_url(base_url: str) -> None:
    """Raise ConnectionIncomplete for an address that cannot stand before a vendor's paths."""
    problem = base_url_problem(base_url)
    if problem:
        raise ConnectionIncomplete({"base_url": problem})


def merged_fields(account: IntegratedAccount, definition: Definition, fields: dict[str, Any]) -> dict[str, Any]:
    """Return an account's connection fields with those that are given; of the others, those the definition still has.

    Raises CredentialsUnreadable, unless every secret is given anew: then nothing that cannot be read is needed.
    """
    given = {key: value for key, value in fields.items() if value not in ("", None)}
    try:
        secret = account.read_credentials()
    except CredentialsUnreadable:
        if not definition.secret_fields <= given.keys():
            raise
        secret = {}
    known = {field.name for field in definition.connection_fields}
    present = {name: value for name, value in {**account.connection, **secret}.items() if name in known}
    return {**present, **given}


@transaction.atomic
def set_enabled(account: IntegratedAccount, actor: audit.Actor, *, enabled: bool) -> None:
    """Switch an account off, so that its tools answer that it is, or on again."""
    account.status = account.Status.ACTIVE if enabled else account.Status.DISABLED
    save_account(account, {"status"})
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
