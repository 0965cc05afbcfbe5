"""Send a request on behalf of an account: every call to a vendor goes through here."""

import asyncio
from collections.abc import Callable

import httpx

from accounts.vendors.captured import CapturedExchange, exchange_of
from accounts.vendors.circuits import keys_of
from accounts.vendors.concealment import SecretMask
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import Upstream, UpstreamResponse, shared_upstream

UNAUTHORIZED = 401
LARGE_ANSWER = 64 * 1024


async def _masked(secrets: SecretMask, answer: UpstreamResponse) -> UpstreamResponse:
    """Mask an answer; a large one in a thread, since a secret repeated a thousand times takes long to mask."""
    if len(answer.body) > LARGE_ANSWER:
        return await asyncio.to_thread(secrets.masked, answer)
    return secrets.masked(answer)


async def ask(
    connection: Connection,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    content: bytes = b"",
    upstream: Upstream | None = None,
    idempotent: bool = False,
    seen: Callable[[CapturedExchange], None] | None = None,
) -> UpstreamResponse:
    """Send a request with the account's credentials and return the answer; raise an UpstreamFailure.

    `target` is path and query, quoted. An `idempotent` request, for which twice is no more than once, is sent again if
    no connection could be made. After a 401, any request is sent once more if new credentials are available: a vendor
    that answers 401 has done nothing.
    Raises ReauthenticationNeeded if there are no credentials to send.

    The account waits for its turn; nothing is sent to a vendor that is down. The account's credentials are masked
    wherever the answer repeats them. `seen` is called with each exchange.
    """
    upstream = upstream or shared_upstream()
    keys = keys_of(connection.base_url, connection.account_id)

    async def send() -> tuple[httpx.Request, UpstreamResponse]:
        request = connection.request(method, target, headers=headers, content=content)
        # Read together with the request: another call may renew the credentials before the answer comes.
        secrets = connection.authentication.secrets
        response = None
        try:
            with upstream.circuits.attempt(keys) as attempt:
                answer = await upstream.send(request, idempotent=idempotent)
                attempt.answered(answer.status, answer.headers)
            response = await _masked(secrets, answer)
        finally:
            if seen is not None:
                seen(exchange_of(connection, request, content, response))
        return request, response

    upstream.circuits.refuse_open(keys)  # before waiting for a turn, which would be in vain
    async with upstream.turns.of(connection.account_id):
        await connection.authentication.prepare()
        sent, response = await send()
        if response.status == UNAUTHORIZED and await connection.authentication.renew(sent):
            _, response = await send()
        return response
