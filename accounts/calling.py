"""Send a request in an account's name: the one way to a vendor, whoever asks."""

from accounts.connections import Connection
from accounts.upstream import Upstream, UpstreamResponse, shared_upstream

UNAUTHORIZED = 401


async def ask(
    connection: Connection,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    content: bytes = b"",
    upstream: Upstream | None = None,
) -> UpstreamResponse:
    """Send a request with the account's credentials and return the answer; raise an UpstreamFailure.

    `target` is path and query, quoted. A 401 is asked again once, with new credentials, where such can be had: a
    vendor that answers it has done nothing. Raises ReauthenticationNeeded when there are no credentials to send.
    """
    upstream = upstream or shared_upstream()
    await connection.authentication.prepare()
    response = await upstream.send(connection.request(method, target, headers=headers, content=content))
    if response.status == UNAUTHORIZED and await connection.authentication.renew():
        response = await upstream.send(connection.request(method, target, headers=headers, content=content))
    return response
