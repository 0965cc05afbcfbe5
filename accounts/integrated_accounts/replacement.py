"""Work out the connection of a changed account, and check it before anything is sent."""

from dataclasses import dataclass, field
from typing import Any

from accounts.definition import Definition
from accounts.errors import ConnectionIncomplete, CredentialsUnreadable
from accounts.models import IntegratedAccount
from accounts.vendors.addresses import base_url_problem
from accounts.vendors.connection_fields import split_fields
from accounts.vendors.routes import Move, SecretRoute, approved_routes, move_between
from accounts.vendors.secret_routes import address_fields, again_words, routes_of

# A secret inside an address moves the account too, but routes do not show it, because they contain no secrets.
BESIDE_AN_ADDRESS = "Give it again: a secret part of the address is new, and the stored one is not sent there."


@dataclass(frozen=True)
class ConnectionChange:
    """A requested change of a connection: omitted or empty fields stay as they are, and so does a `base_url` of None.

    `given` names the fields that a person entered, if `fields` has others too.
    """

    fields: dict[str, Any] | None = field(default=None, repr=False)
    base_url: str | None = None
    given: frozenset[str] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The fields that are neither empty nor None."""
        return {key: value for key, value in (self.fields or {}).items() if value not in ("", None)}

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields that a person entered."""
        return frozenset(self.values) if self.given is None else self.given


@dataclass(frozen=True)
class NewConnection:
    """A changed connection, and where it sends its secrets; `move` is None if they stay."""

    opened: dict[str, str]
    secret: dict[str, str] = field(repr=False)
    base_url: str
    routes: frozenset[SecretRoute]
    move: Move | None


def changed_connection(account: IntegratedAccount, definition: Definition, change: ConnectionChange) -> NewConnection:
    """Return the connection that a change would produce, without sending or saving anything.

    Raises CredentialsUnreadable, and ConnectionIncomplete for wrong fields and for each secret that has to be given
    again because it would go to another address.
    """
    base_url = account.base_url if change.base_url is None else change.base_url
    check_base_url(base_url)
    _refuse_other_than_text(change.values)
    present, kept = present_fields(account, definition, change.values)
    opened = {name: value for name, value in change.values.items() if name not in definition.secret_fields}
    routes = routes_of(definition, {**present, **opened}, base_url)
    move = move_between(approved_routes(account), routes)
    if move is not None or change.values.keys() & definition.secret_fields & address_fields(definition):
        _refuse_kept_secrets(kept.keys() - change.values.keys(), move)
    opened, secret = split_fields(definition, {**present, **kept, **change.values}, base_url)
    return NewConnection(opened, secret, base_url, routes, move)


def _refuse_other_than_text(values: dict[str, Any]) -> None:
    """Raise ConnectionIncomplete for values that are not text, before an address is built from them."""
    problems = {name: "takes one line of text." for name, value in values.items() if not isinstance(value, str)}
    if problems:
        raise ConnectionIncomplete(problems)


def _refuse_kept_secrets(kept: set[str], move: Move | None) -> None:
    """Raise ConnectionIncomplete for each stored secret that would follow its account to another address."""
    if kept:
        raise ConnectionIncomplete(dict.fromkeys(kept, again_words(move) if move else BESIDE_AN_ADDRESS))


def present_fields(
    account: IntegratedAccount, definition: Definition, given: dict[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return an account's open and secret connection fields, as far as the definition still has them.

    A stored secret that the definition now declares open is left out, because it would be shown. Raises
    CredentialsUnreadable, unless every secret is given anew and no stored one is needed.
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


def check_base_url(base_url: str) -> None:
    """Raise ConnectionIncomplete for an address that cannot be a base URL."""
    problem = base_url_problem(base_url)
    if problem:
        raise ConnectionIncomplete({"base_url": problem})
