"""Send a request on behalf of an account: every tool call and connection test goes through here."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from accounts.vendors.captured import CapturedExchange, exchange_of
from accounts.vendors.circuits import CircuitKeys, keys_of
from accounts.vendors.concealment import SecretMask
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import Upstream, UpstreamResponse, shared_upstream

UNAUTHORIZED = 401
LARGE_ANSWER = 64 * 1024


async def ask(
    connection: Connection,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    content: bytes = b"",
    upstream: Upstream | None = None,
    idempotent: bool = False,
    most_bytes: int = 0,
    seen: Callable[[CapturedExchange], None] | None = None,
) -> UpstreamResponse:
    """Send a request with the account's credentials and return the answer; raise an UpstreamFailure.

    `target` is path and query, quoted. An `idempotent` request, for which twice is no more than once, is sent again if
    no connection could be made. After a 401, any request is sent once more if new credentials are available: a vendor
    that answers 401 has done nothing.
    Raises ReauthenticationNeeded if there are no credentials to send.

    The account waits for its turn; nothing is sent to a vendor that is down. The account's credentials are masked
    wherever the answer repeats them, which may have `most_bytes` (0 for the usual limit). `seen` is called with each
    exchange.
    """
    upstream = upstream or shared_upstream()
    keys = keys_of(connection.base_url, connection.party)
    question = _Question(connection, method, target, headers, content, upstream, keys, idempotent, most_bytes, seen)
    upstream.circuits.refuse_open(keys)  # before waiting for a turn, which would be in vain
    async with upstream.turns.of(connection.party):
        await connection.authentication.prepare()
        sent, response = await question.send()
        if response.status == UNAUTHORIZED and await connection.authentication.renew(sent):
            _, response = await question.send()
        return response


@dataclass(slots=True)
class _Question:
    """What is asked of a vendor, from which a request is built each time that it is sent."""

    connection: Connection
    method: str
    target: str = field(repr=False)
    headers: dict[str, str] | None = field(repr=False)
    content: bytes = field(repr=False)
    upstream: Upstream
    keys: CircuitKeys
    idempotent: bool
    most_bytes: int
    seen: Callable[[CapturedExchange], None] | None

    async def send(self) -> tuple[httpx.Request, UpstreamResponse]:
        """Send a request, and return it with the masked answer."""
        request = self.connection.request(self.method, self.target, headers=self.headers, content=self.content)
        request.extensions["most_bytes"] = self.most_bytes
        # Read together with the request: another call may renew the credentials before the answer comes.
        secrets = self.connection.authentication.secrets
        response = None
        try:
            with self.upstream.circuits.attempt(self.keys) as attempt, self.upstream.paces.timed(self.connection.party):
                answer = await self.upstream.send(request, idempotent=self.idempotent)
                # The circuits count the vendor's own answer.
                attempt.answered(answer.status, answer.headers)
            response = await masked(answer, secrets)
        finally:
            if self.seen is not None:
                self.seen(exchange_of(self.connection, request, self.content, response))
        return request, response


async def masked(answer: UpstreamResponse, secrets: SecretMask) -> UpstreamResponse:
    """Return an answer with the secrets masked; raise UpstreamRevealing if they cannot be."""
    # A secret that is repeated a thousand times takes long to mask.
    is_large = len(answer.body) > LARGE_ANSWER
    return await asyncio.to_thread(secrets.masked, answer) if is_large else secrets.masked(answer)
