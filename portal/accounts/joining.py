"""Build a consent, and connect the account with the vendor's answer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync

from accounts.audit import Actor
from accounts.definition import Definition, OAuthAuthentication
from accounts.errors import ConsentFailed
from accounts.integrated_accounts.lifecycle import connect_account, reconnect_account
from accounts.integrated_accounts.replacement import ConnectionChange, changed_connection, check_base_url
from accounts.models import Environment, IntegratedAccount, Integration
from accounts.vendors.connection_fields import split_fields
from accounts.vendors.connection_test import refusals
from accounts.vendors.oauth import token_endpoint
from accounts.vendors.oauth.client import ClientAtVendor, registered_client
from accounts.vendors.routes import SecretRoute, move_between
from accounts.vendors.secret_routes import routes_of
from portal.accounts.consent import Consent, read_answer, redirect_uri


def new_consent(
    environment_id: UUID,
    integration: Integration,
    *,
    name: str,
    fields: dict[str, Any],
    base_url: str,
    account: IntegratedAccount | None = None,
) -> Consent:
    """Return a new consent; fields that are not given keep the existing account's values.

    Raises ConnectionIncomplete and CredentialsUnreadable.
    """
    definition = integration.parsed()
    if account is not None:
        asked = ConnectionChange(fields, base_url)
        changed = changed_connection(account, definition, asked)
        opened, secret, routes, given = changed.opened, changed.secret, changed.routes, asked.names
    else:
        check_base_url(base_url)
        opened, secret = split_fields(definition, fields, base_url)
        routes, given = routes_of(definition, opened, base_url), frozenset(fields)
    return Consent(
        integration=integration.name,
        environment_id=environment_id,
        account_id=account.pk if account is not None else None,
        name=name,
        fields={**opened, **secret},
        base_url=base_url,
        given=tuple(sorted(given)),
        hidden=tuple(sorted(secret)),
        routes=tuple((route.secret, route.place, route.destination) for route in sorted(routes)),
    )


def client_of(integration: Integration, consent: Consent) -> ClientAtVendor:
    """Return the OAuth client of a consent.

    Raises ConsentFailed if the definition no longer uses OAuth, or would now send a secret somewhere else.
    """
    definition = integration.parsed()
    declared = definition.authentication
    routes = routes_of(definition, typed_fields(definition, consent), consent.base_url)
    if not isinstance(declared, OAuthAuthentication) or move_between(approved(consent), routes) is not None:
        raise ConsentFailed(f"The definition of {definition.label} has changed meanwhile. Start again.")
    return registered_client(definition, declared, consent.fields, consent.base_url)


def approved(consent: Consent) -> frozenset[SecretRoute]:
    """Return the secret routes as they were when the consent began."""
    return frozenset(SecretRoute(*route) for route in consent.routes)


def typed_fields(definition: Definition, consent: Consent) -> dict[str, str]:
    """Return the fields of a consent that may be shown again, without secrets."""
    # The definition may have changed meanwhile: what was secret then stays hidden.
    hidden = definition.secret_fields | {*consent.hidden}
    return {name: value for name, value in consent.fields.items() if name not in hidden}


def finish(
    consent: Consent,
    answer: Mapping[str, str],
    *,
    environment: Environment,
    integration: Integration,
    account: IntegratedAccount | None,
    actor: Actor,
) -> IntegratedAccount:
    """Exchange the authorization code, test the connection and save the account.

    Raises ConsentFailed, ConnectionRefused, ConnectionIncomplete or CredentialsUnreadable without saving anything.
    """
    client = client_of(integration, consent)
    code = read_answer(client, answer)
    with refusals(client.vendor):
        tokens = async_to_sync(token_endpoint.exchange_code)(
            client, code, redirect_uri=redirect_uri(), verifier=consent.verifier
        )
    if account is None:
        return connect_account(
            environment,
            integration,
            actor,
            name=consent.name,
            fields=consent.fields,
            base_url=consent.base_url,
            tokens=tokens,
        )
    reconnect_account(
        account,
        actor,
        fields=consent.fields,
        base_url=consent.base_url,
        tokens=tokens,
        given=frozenset(consent.given),
    )
    return account
