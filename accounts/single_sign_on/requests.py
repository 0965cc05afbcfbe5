"""Requests to identity providers, through the same guard as those to vendors, within limits of time and size."""

from typing import Any

import httpx

from accounts import bounded_json
from accounts.errors import NotJSON, SignOnFailed, UpstreamFailure
from accounts.product import USER_AGENT
from accounts.single_sign_on.providers import IdentityProvider
from accounts.vendors.addresses import excepted_for
from accounts.vendors.oauth.client import endpoint_problem
from accounts.vendors.upstream import Upstream, UpstreamResponse

# A person is waiting for it.
SECONDS = 10.0
MOST_BYTES = 256 * 1024
MOST_VALUES = 5000
# What to do, at the end of a refusal.
TELL = "tell the person who runs Patchbay."
AGAIN = f"Try again in a minute; if it stays so, {TELL}"
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}


async def ask(
    provider: IdentityProvider, method: str, address: str, *, headers: dict[str, str] | None = None, body: str = ""
) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON object of an answer; raise SignOnFailed for any other answer, or none.

    Of the exceptions in UPSTREAM_PRIVATE_HOSTS, only those that name the issuer's own host hold.
    """
    if endpoint_problem(address):
        raise SignOnFailed(f"{provider.label} names an address that cannot be asked. {TELL.capitalize()}")
    request = httpx.Request(
        method,
        address,
        headers={**HEADERS, **(headers or {})},
        stream=httpx.ByteStream(body.encode()),
        extensions={
            "target": "",
            "seconds": SECONDS,
            "most_bytes": MOST_BYTES,
            "excepted": excepted_for(provider.issuer),
        },
    )
    try:
        async with Upstream() as upstream:
            response = await upstream.send(request)
    except UpstreamFailure as failure:
        raise SignOnFailed(
            f"{provider.label} could not be asked who you are: {failure.reason}. {AGAIN}",
            is_passing=True,
        ) from None
    return response.status, _object(provider, response)


def _object(provider: IdentityProvider, response: UpstreamResponse) -> dict[str, Any]:
    try:
        answer = bounded_json.loads(response.body, most_values=MOST_VALUES)
    except NotJSON:
        answer = None
    if isinstance(answer, dict):
        return answer
    raise SignOnFailed(
        f"{provider.label} answered with HTTP {response.status} and nothing that could be read. {AGAIN}",
        is_passing=True,
    )
