"""Metadata documents of clients (draft-ietf-oauth-client-id-metadata-document): where a client's id is an address.

Fetched as anything else is that others name: by the guarded transport, which connects to public addresses only, follows
no redirect and bounds time and size. The toolkit keeps what comes, and asks again when it is old.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
from asgiref.sync import async_to_sync
from oauth2_provider.cimd import CIMDError

from accounts.bounded_json import loads
from accounts.errors import BeyondLimits, NotJSON, UpstreamFailure
from accounts.product import USER_AGENT
from accounts.vendors.addresses import excepted_for
from accounts.vendors.upstream import Upstream, UpstreamResponse
from mcpservers.models import RegisteredClient

SECONDS = 5.0
MOST_BYTES = 16 * 1024
LONGEST = 255
# For how long a document is kept, at least and at most, in seconds.
FRESH = (300, 86_400)
MAX_AGE = re.compile(r"max-age\s*=\s*(\d{1,9})", re.IGNORECASE)
HEADERS = {"Accept": "application/json, application/*+json", "User-Agent": USER_AGENT}


class AskedByPeople:
    """Fetch the document of an unknown client only where somebody who is signed in is asked to allow it."""

    def has_permission(self, request: Any, client_id: str) -> bool:
        """Return whether a document may be fetched; `request` is oauthlib's."""
        is_asked: bool = urlsplit(str(request.uri)).path.rstrip("/").endswith("/oauth/authorize")
        return is_asked or RegisteredClient.objects.filter(client_id=client_id).exists()


class DocumentFetcher:
    """Fetches documents; tests give it a transport of their own."""

    transport: httpx.AsyncBaseTransport | None = None

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return a client's metadata, and for how many seconds it may be kept; raise CIMDError."""
        base, target = parts_of(client_id)
        try:
            response = async_to_sync(self._download)(base, target)
        except UpstreamFailure as failure:
            raise CIMDError(f"the document was not fetched: {failure}") from None
        return _document(response), kept_for(response.headers.get("cache-control", ""))

    async def _download(self, base: str, target: str) -> UpstreamResponse:
        extensions = {
            "target": target, "excepted": excepted_for(base), "most_bytes": MOST_BYTES, "seconds": SECONDS,
        }  # fmt: skip
        async with Upstream(self.transport) as upstream:
            return await upstream.send(httpx.Request("GET", base, headers=HEADERS, extensions=extensions))


def parts_of(client_id: str) -> tuple[str, str]:
    """Return a client id as origin and path; raise CIMDError for one that cannot be the address of a document."""
    try:
        parts = urlsplit(client_id)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        raise CIMDError("the client id cannot be read") from None
    is_plain = (
        len(client_id) <= LONGEST and client_id.isascii() and client_id.isprintable() and not {*client_id} & {*" \\#"}
    )
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not is_plain:
        raise CIMDError(
            f"the client id is no https address of at most {LONGEST} characters without user name and fragment"
        )
    if not parts.path or {".", ".."} & {*parts.path.split("/")}:
        raise CIMDError("the client id has no path, or one with dot segments")
    return f"https://{parts.netloc}", parts.path + (f"?{parts.query}" if parts.query else "")


def kept_for(cache_control: str) -> int:
    """Return for how many seconds a document may be kept by its Cache-Control header."""
    least, most = FRESH
    if "no-store" in cache_control.lower() or "no-cache" in cache_control.lower():
        return least
    found = MAX_AGE.search(cache_control)
    return max(least, min(int(found[1]), most)) if found else most


def _document(response: UpstreamResponse) -> dict[str, Any]:
    if response.status != 200:
        raise CIMDError(f"the document's address answered with HTTP {response.status}")
    kind = response.media_type
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise CIMDError(f"the document is {kind[:60] or 'of no type'}, and no JSON")
    try:
        value = loads(response.body)
    except (NotJSON, BeyondLimits):
        raise CIMDError("the document is no JSON") from None
    if not isinstance(value, dict):
        raise CIMDError("the document is no JSON object")
    return value
