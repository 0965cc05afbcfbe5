"""Test a connection: whether the vendor accepts it, and which scopes its credentials have."""

from collections.abc import Iterator
from contextlib import contextmanager

import jmespath
from asgiref.sync import async_to_sync
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.definition import ClientCredentialsAuthentication, Definition
from accounts.errors import (
    ConnectionRefused,
    NotJSON,
    ReauthenticationNeeded,
    TokenRefused,
    TokensUnreadable,
    UpstreamFailure,
    UpstreamForbidden,
    entry_for,
)
from accounts.models import IntegratedAccount
from accounts.texts.invisible import visible
from accounts.token_sets import TokenSet
from accounts.vendors.answers.vendor_errors import vendor_reason
from accounts.vendors.calling import ask
from accounts.vendors.connection import Connection, connect
from accounts.vendors.oauth import token_endpoint
from accounts.vendors.oauth.client import registered_client
from accounts.vendors.secret_routes import check_routes
from accounts.vendors.upstream import Upstream

SENTENCES: dict[type[Exception], str] = {
    UpstreamFailure: "{vendor} could not be reached: {failure}.",
    UpstreamForbidden: "{vendor} was not asked: {failure}.",
    TokensUnreadable: "{vendor} was not asked: {failure}. The operator has to put the key back.",
    ReauthenticationNeeded: "The account must be connected again: {failure}.",
    TokenRefused: "{vendor} gave no access token ({failure}).",
}

# What is kept of the scopes that a vendor reports, without characters that nobody sees and databases refuse.
MOST_SCOPES, LONGEST_SCOPE = 100, 200
# The vendor was reached and rejects the credentials; any other failure may be temporary.
CREDENTIALS_REFUSED = frozenset({401, 403})


async def check_connection(connection: Connection, definition: Definition) -> list[str]:
    """Test the connection at the vendor; return the scopes that it reports, or raise ConnectionRefused."""
    test = definition.connection_test
    with refusals(definition.label):
        async with Upstream() as upstream:
            response = await ask(connection, test.method, test.path, upstream=upstream)
    if not 200 <= response.status < 300:
        words = connection.authentication.secrets.conceal(vendor_reason(response, definition).told())
        raise ConnectionRefused(
            f"{definition.label} refused the connection with HTTP {response.status}" + (f": {words}" if words else "."),
            response.status,
        )
    try:
        body = bounded_json.loads(response.body)
        scopes = jmespath.search(test.scopes, body) if test.scopes else []
    except (NotJSON, JMESPathError):
        raise ConnectionRefused(
            f"What answered at this address is not {definition.label}'s API: the answer is not the JSON it gives. "
            "Check the connection fields.",
            response.status,
        ) from None
    return [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []


def verify_connection(account: IntegratedAccount, tokens: TokenSet | None = None) -> None:
    """Test an account and note the outcome on it (not saved); raise ConnectionRefused or CredentialsUnreadable.

    Raises SecretsMoved, before anything is sent, if the account would send its secrets elsewhere. `tokens` are those of
    a new OAuth connection; by default the account's own are used.
    """
    definition = account.integration.parsed()
    with refusals(definition.label):
        connection = connect(account, definition, tokens)
    scopes = async_to_sync(check_connection)(connection, definition)
    # The vendor names the scopes of new tokens with them (RFC 6749, section 5.1).
    if not definition.connection_test.scopes and tokens is not None:
        scopes = list(tokens.scopes)
    account.mark_checked(scopes=[visible(scope)[:LONGEST_SCOPE] for scope in scopes[:MOST_SCOPES]])


def first_tokens(account: IntegratedAccount) -> TokenSet | None:
    """Get tokens for an account with new connection fields; None for kinds without tokens, or that need consent.

    Raises ConnectionRefused, and SecretsMoved before anything is sent.
    """
    definition = account.integration.parsed()
    declared = definition.authentication
    if not isinstance(declared, ClientCredentialsAuthentication):
        return None
    check_routes(account, definition)
    fields = {**account.connection, **account.read_credentials()}
    client = registered_client(definition, declared, fields, account.base_url)
    with refusals(definition.label):
        return async_to_sync(token_endpoint.client_credentials)(client)


@contextmanager
def refusals(vendor: str) -> Iterator[None]:
    """Translate UpstreamFailure and TokenRefused to ConnectionRefused."""
    try:
        yield
    except (UpstreamFailure, TokenRefused) as failure:
        raise ConnectionRefused(
            entry_for(failure, SENTENCES).format(vendor=vendor, failure=failure),
            failure.status,
            forbidden=isinstance(failure, UpstreamForbidden),
        ) from None
