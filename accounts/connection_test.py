"""Ask a vendor whether a connection works, and what its credentials may do."""

import jmespath
from asgiref.sync import async_to_sync
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.calling import ask
from accounts.connections import Connection, connect
from accounts.definition import Definition
from accounts.errors import ConnectionRefused, UpstreamFailure, UpstreamForbidden
from accounts.models import IntegratedAccount
from accounts.upstream import Upstream
from accounts.vendor_words import vendor_words


async def check_connection(connection: Connection, definition: Definition) -> list[str]:
    """Ask the vendor whether the connection works; return the scopes it tells, or raise ConnectionRefused."""
    test = definition.connection_test
    async with Upstream() as upstream:
        try:
            response = await ask(connection, test.method, test.path, upstream=upstream)
        except UpstreamForbidden as failure:
            raise ConnectionRefused(f"{definition.label} was not asked: {failure}.", forbidden=True) from None
        except UpstreamFailure as failure:
            raise ConnectionRefused(f"{definition.label} could not be reached: {failure}.") from None
    if not 200 <= response.status < 300:
        said, _ = vendor_words(response, definition, connection)
        raise ConnectionRefused(
            f"{definition.label} refused the connection with HTTP {response.status}" + (f": {said}" if said else "."),
            response.status,
        )
    try:
        body = bounded_json.loads(response.body)
        scopes = jmespath.search(test.scopes, body) if test.scopes else []
    except (bounded_json.NotJSON, JMESPathError):
        raise ConnectionRefused(
            f"What answered at this address is not {definition.label}'s API: the answer is not the JSON it gives. "
            "Check the connection fields.",
            response.status,
        ) from None
    return [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []


def verify_connection(account: IntegratedAccount) -> None:
    """Test an account and note the outcome on it (not saved); raise ConnectionRefused or CredentialsUnreadable."""
    definition = account.integration.parsed()
    account.mark_checked(scopes=async_to_sync(check_connection)(connect(account, definition), definition))
