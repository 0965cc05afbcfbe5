"""Parse PUBLIC_URL, the address under which people and clients reach Patchbay, with or without a path."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

DEFAULT_PORTS = {"http": 80, "https": 443}
EXAMPLE = "an address such as https://patchbay.example.com or https://example.com/patchbay"
# Segments that no proxy, browser or client writes in another way.
PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")
# The first segments of Patchbay's own paths. Under a path that begins with one of them, requests would be ambiguous
# behind a proxy that strips it.
OWN = frozenset(
    {
        ".well-known", "accounts", "activity", "admin", "api", "api-token", "api-tokens", "audit", "call",
        "documentation", "environment", "integrated-account", "integration", "integration-schema", "invitations",
        "livez", "mcp", "metrics", "oauth", "openapi.json", "people", "profile", "readyz", "search", "sign-in",
        "sign-out", "static",
    }
)  # fmt: skip


@dataclass(frozen=True)
class PublicURL:
    """An address without a trailing slash; `path` is empty at the root of a host, and else begins with a slash.

    `origin` is written as browsers write it (RFC 6454, section 6.2), and `host` as requests name it.
    """

    text: str
    origin: str
    host: str
    path: str
    is_https: bool


def public_url(text: str) -> PublicURL:
    """Parse an address; raise ImproperlyConfigured for one under which Patchbay cannot be served."""
    text = text.rstrip("/")
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise ImproperlyConfigured(f"PUBLIC_URL is {text!r}, but takes {EXAMPLE}.") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not has_port:
        raise ImproperlyConfigured(f"PUBLIC_URL is {text!r}, but takes {EXAMPLE}.")
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise ImproperlyConfigured(f"PUBLIC_URL takes no user name, query or fragment, but {EXAMPLE}.")
    _check_path(parts)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in {None, DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return PublicURL(text, f"{parts.scheme}://{host}{port}", host, parts.path, parts.scheme == "https")


def _check_path(parts: SplitResult) -> None:
    if not PATH.fullmatch(parts.path):
        raise ImproperlyConfigured(
            f"PUBLIC_URL has the path {parts.path!r}, but takes letters, digits and -._~ between single slashes, "
            "such as /patchbay."
        )
    first = parts.path.split("/", 2)[1] if parts.path else ""
    if first in OWN:
        raise ImproperlyConfigured(
            f"PUBLIC_URL has a path that begins with /{first}, as some of Patchbay's own do, so requests could not be "
            "told apart. Choose another, such as /patchbay: MCP URLs then begin with /patchbay/mcp/."
        )
