"""Send a request in an account's name: the one way to a vendor, whoever asks."""

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
    """Mask an answer; a large one in a thread, since what a vendor repeats a thousand times takes its time."""
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

    `target` is path and query, quoted. `idempotent` says that twice does no more than once, so that a connection
    that could not be made is tried again. A 401 is asked again once, with new credentials, where such can be had: a
    vendor that answers it has done nothing. Raises ReauthenticationNeeded when there are no credentials to send.

    The account waits for its turn; nothing is sent to a vendor that is down. No answer holds the account's
    credentials: they are masked, wherever in it the vendor repeats them. `seen` is told each exchange.
    """
    upstream = upstream or shared_upstream()
    keys = keys_of(connection.base_url, connection.account_id)

    async def send() -> tuple[httpx.Request, UpstreamResponse]:
        request = connection.request(method, target, headers=headers, content=content)
        # Taken with the request: another call may renew the credentials before its answer comes.
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

    upstream.circuits.refuse_open(keys)  # before the wait for a turn
    async with upstream.turns.of(connection.account_id):
        await connection.authentication.prepare()
        sent, response = await send()
        if response.status == UNAUTHORIZED and await connection.authentication.renew(sent):
            _, response = await send()
        return response
