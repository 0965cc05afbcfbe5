"""Download files from where a vendor says that they are, with one redirect at most.

The account's credentials are sent only where its definition says so, at its own origin. Any other request has no
credentials, no cookies and none of the vendor's headers. Its address passes the checks of every connection
(accounts/vendors/addresses.py), has to be https wherever secrets would, and no kept connection is used. Of the
exceptions in UPSTREAM_PRIVATE_HOSTS, only those that name the account's own host hold: the others are for other
integrations, whose hosts must not be reached through this vendor's answers.
"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import httpx

from accounts.errors import UpstreamForbidden
from accounts.product import USER_AGENT
from accounts.vendors.addresses import excepted_for, goes_in_the_clear
from accounts.vendors.calling import ask, masked
from accounts.vendors.captured import CapturedExchange, exchange_of
from accounts.vendors.circuits import keys_of
from accounts.vendors.concealment import MASK
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse, shared_upstream

REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
LONGEST = 8000


def moved_to(connection: Connection, asked: str, response: UpstreamResponse) -> str:
    """Return the address that a download was moved to; raise UpstreamForbidden for one that is not followed.

    `asked` is the address of the request.
    """
    location = response.headers.get("location", "").strip()
    if not location:
        raise UpstreamForbidden("it names no address")
    return file_address(connection, location, asked)


def file_address(connection: Connection, told: str, asked: str) -> str:
    """Return the whole address that a vendor's answer to a request tells; raise UpstreamForbidden."""
    if MASK.encode().decode("latin-1") in told or MASK in told:
        raise UpstreamForbidden("its address repeats the account's credentials")
    try:
        address = urljoin(asked, told).partition("#")[0]
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


Seen = Callable[[CapturedExchange], None]


async def fetch(
    connection: Connection, address: str, *, below: str | None, most_bytes: int, seen: Seen | None = None
) -> UpstreamResponse:
    """Return the file at an address from `file_address`, or from where that redirects to; raise an UpstreamFailure.

    It gets the account's credentials only if it is below this path of the account's own origin.
    """
    if below is not None and connection.is_home(address, below):
        base, target = _parts(address)
        response = await ask(
            replace(connection, base_url=base),
            "GET",
            target,
            headers={"Accept": "*/*"},
            idempotent=True,
            most_bytes=most_bytes,
            seen=seen,
        )
    else:
        response = await download(connection, address, most_bytes=most_bytes, seen=seen)
    if response.status not in REDIRECTS:
        return response
    response = await download(connection, moved_to(connection, address, response), most_bytes=most_bytes, seen=seen)
    if response.status in REDIRECTS:
        raise UpstreamForbidden("it was moved more than once")
    return response


def _parts(address: str) -> tuple[str, str]:
    """Return an address in two parts: its scheme and host, and its path and query."""
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return f"{parts.scheme}://{parts.netloc}", target


async def download(
    connection: Connection, address: str, *, most_bytes: int = 0, seen: Seen | None = None
) -> UpstreamResponse:
    """Return what is at an address; raise an UpstreamFailure. The account waits for its turn, as for every call."""
    upstream = shared_upstream()
    base, target = _parts(address)
    extensions = {"target": target, "excepted": excepted_for(connection.base_url), "most_bytes": most_bytes}
    request = httpx.Request("GET", base, headers=HEADERS, extensions=extensions)
    response = None
    try:
        async with upstream.turns.of(connection.party):
            keys, paces = keys_of(base, connection.party), upstream.paces
            with upstream.circuits.attempt(keys) as attempt, paces.timed(connection.party):
                answer = await upstream.send(request)
                attempt.answered(answer.status, answer.headers)
        response = await masked(answer, connection.authentication.secrets)
    finally:
        if seen is not None:
            seen(exchange_of(connection, request, b"", response))
    return response
