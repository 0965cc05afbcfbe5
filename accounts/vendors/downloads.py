"""Follow the redirect of a download to where the vendor keeps its files: once, and without anything of the account.

Such a host gets no credentials, no cookies and none of the vendor's headers. Its address passes the checks of every
connection (accounts/vendors/addresses.py), has to be https wherever secrets would, and no kept connection is used. Of
the exceptions in UPSTREAM_PRIVATE_HOSTS, only those that name the account's own host hold: the others are for other
integrations, whose hosts must not be reached through this vendor's answers.
"""

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import httpx

from accounts.errors import UpstreamForbidden
from accounts.product import USER_AGENT
from accounts.vendors.addresses import excepted_for, goes_in_the_clear
from accounts.vendors.captured import CapturedExchange, exchange_of
from accounts.vendors.circuits import keys_of
from accounts.vendors.concealment import MASK
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse, shared_upstream

REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
LONGEST = 8000


def download_address(connection: Connection, asked: str, response: UpstreamResponse) -> str:
    """Return the address that a download was moved to; raise UpstreamForbidden for one that is not followed.

    `asked` is the target of the request.
    """
    location = response.headers.get("location", "").strip()
    if not location:
        raise UpstreamForbidden("it names no address")
    if MASK.encode().decode("latin-1") in location or MASK in location:
        raise UpstreamForbidden("its address repeats the account's credentials")
    try:
        address = urljoin(f"{connection.base_url}{asked}", location).partition("#")[0]
        parts = urlsplit(address)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        raise UpstreamForbidden("its address is malformed") from None
    usable = address.isascii() and address.isprintable() and " " not in address and len(address) <= LONGEST
    if not usable or not parts.hostname or "@" in parts.netloc or "\\" in address:
        raise UpstreamForbidden("its address is malformed")
    if parts.scheme not in {"http", "https"} or goes_in_the_clear(address, excepted_for(connection.base_url)):
        raise UpstreamForbidden("its address is not https")
    return address


async def download(
    connection: Connection, address: str, *, seen: Callable[[CapturedExchange], None] | None = None
) -> UpstreamResponse:
    """Return what is at an address; raise an UpstreamFailure. The account waits for its turn, as for every call."""
    upstream = shared_upstream()
    parts = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    extensions = {"target": target, "excepted": excepted_for(connection.base_url)}
    request = httpx.Request("GET", base, headers=HEADERS, extensions=extensions)
    response = None
    try:
        async with upstream.turns.of(connection.party):
            keys, paces = keys_of(base, connection.party), upstream.paces
            with upstream.circuits.attempt(keys) as attempt, paces.timed(connection.party):
                answer = await upstream.send(request)
                attempt.answered(answer.status, answer.headers)
        response = connection.authentication.secrets.masked(answer)
    finally:
        if seen is not None:
            seen(exchange_of(connection, request, b"", response))
    return response
