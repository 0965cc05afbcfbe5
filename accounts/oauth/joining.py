"""Begin a consent for an account, and make the account out of the vendor's answer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync

from accounts.audit import Actor
from accounts.connecting import check_base_url, connect_account, merged_fields, reconnect_account
from accounts.connection_test import refusals
from accounts.definition import Definition, OAuthAuthentication
from accounts.errors import ConsentFailed
from accounts.models import Environment, IntegratedAccount, Integration
from accounts.oauth import token_endpoint
from accounts.oauth.client import RegisteredClient, registered_client
from accounts.oauth.consent import Consent, read_answer, redirect_uri
from accounts.vendors.connections import split_fields


def new_consent(
    environment_id: UUID,
    integration: Integration,
    *,
    name: str,
    fields: dict[str, Any],
    base_url: str,
    account: IntegratedAccount | None = None,
) -> Consent:
    """Return a consent to be begun; the fields of an account that is there already stay where none are given.

    Raises ConnectionIncomplete, and CredentialsUnreadable.
    """
    definition = integration.parsed()
    check_base_url(base_url)
    if account is not None:
        fields = merged_fields(account, definition, fields)
    opened, secret = split_fields(definition, fields, base_url)
    return Consent(
        integration=integration.name,
        environment_id=environment_id,
        account_id=account.pk if account is not None else None,
        name=name,
        fields={**opened, **secret},
        base_url=base_url,
    )


def client_of(integration: Integration, consent: Consent) -> RegisteredClient:
    """Return the client that the consent is for; raise ConsentFailed where the integration asks for none any more."""
    definition = integration.parsed()
    declared = definition.authentication
    if not isinstance(declared, OAuthAuthentication):
        raise ConsentFailed(f"The definition of {definition.label} has changed meanwhile. Begin again.")
    return registered_client(definition, declared, consent.fields, consent.base_url)


def typed_fields(definition: Definition, consent: Consent) -> dict[str, str]:
    """Return the fields of a consent that may be shown again."""
    return {name: value for name, value in consent.fields.items() if name not in definition.secret_fields}


def finish(
    consent: Consent,
    answer: Mapping[str, str],
    *,
    environment: Environment,
    integration: Integration,
    account: IntegratedAccount | None,
    actor: Actor,
) -> IntegratedAccount:
    """Exchange the code of a vendor's answer, test the connection, save the account.

    Raises ConsentFailed, ConnectionRefused, ConnectionIncomplete, CredentialsUnreadable; then nothing is saved.
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
    reconnect_account(account, actor, fields=consent.fields, base_url=consent.base_url, tokens=tokens)
    return account
