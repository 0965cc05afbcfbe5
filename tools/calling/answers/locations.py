"""Show addresses that a vendor answers with: where something was made, goes on, or was moved to."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from accounts.texts.invisible import visible
from accounts.vendors.addresses import origin
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse
from tools.waits import seconds_of

LONGEST = 2000
# Where what was asked for is, or will be; several vendors have names of their own for the second.
PLACES = ("location", "operation-location", "azure-asyncoperation", "content-location")
STATUSES = frozenset({201, 202})


def shown_address(connection: Connection, address: str) -> str:
    """Return an address for models, without credentials: a path on the account's own host, a URL anywhere else."""
    try:
        parts = urlsplit(address.strip()[:LONGEST])
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    at_home = bool(host) and origin(address.strip()) == origin(connection.base_url)
    whole = urlunsplit(
        ("", "", parts.path or "/", parts.query, "") if at_home else (parts.scheme, host, parts.path, parts.query, "")
    )
    return visible(connection.authentication.secrets.conceal(connection.authentication.stripped(whole)))


def places(connection: Connection, response: UpstreamResponse) -> dict[str, Any]:
    """Return where a created thing or a running operation is, and in how many seconds to look; empty if not told."""
    if response.status not in STATUSES:
        return {}
    found = next((response.headers[name] for name in PLACES if response.headers.get(name)), "")
    location = shown_address(connection, found) if found else ""
    told: dict[str, Any] = {"location": location} if location else {}
    retry_after = seconds_of(response.headers.get("retry-after", ""))
    return told if retry_after is None else {**told, "retry_after": retry_after}
