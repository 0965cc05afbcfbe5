"""Vendors' links to the next page: read a Link header, and check an address against the account's own."""

import re
from urllib.parse import quote, urljoin, urlsplit

from accounts.vendors.addresses import NO_ORIGIN, origin
from accounts.vendors.segments import CONTROL, decoded_segments

# RFC 8288, section 3: <address> and its parameters, up to a comma outside quoted text.
LINK = re.compile(r'<([^<>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)')
PARAMETER = re.compile(r';\s*([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,\s"]*)))?')
# What RFC 3986 allows in path and query, percent signs included; anything else is quoted.
ALLOWED = "%/:?[]@!$&'()*+,;=-._~"


class LinkRefused(ValueError):
    """A link that is not followed; the message completes a sentence about the link."""


def next_link(header: str) -> str:
    """Return the address of the link to the next page in a Link header; empty if there is none."""
    for link in LINK.finditer(header):
        parameters: dict[str, str] = {}
        for name, quoted, plain in PARAMETER.findall(link[2]):
            parameters.setdefault(name.lower(), quoted or plain)  # RFC 8288, section 3.3: the first `rel` counts
        if "anchor" not in parameters and "next" in parameters.get("rel", "").lower().split():
            return link[1]
    return ""


def target_of(link: str, *, base: str, asked: str) -> str:
    """Return the path and query of a link, below the base address; raise LinkRefused.

    `asked` is the target of the request whose answer has the link; a relative link is resolved against it (RFC 3986,
    section 5). Links to another scheme, host or port, or out of the path of the base address, are refused.
    """
    written = link.strip(" ")
    if CONTROL.search(written) or "\\" in written.partition("?")[0]:
        raise LinkRefused("is not an address")
    try:
        parts, address = urlsplit(written), urljoin(base + asked, written)
        found = urlsplit(address)
    except ValueError:
        raise LinkRefused("is not an address") from None
    # Parsers disagree on an authority that is empty, or missing after a scheme.
    if (parts.scheme or written.startswith("//")) and not parts.netloc:
        raise LinkRefused("is not an address")
    own, place = urlsplit(base), origin(address)
    # With a dot behind its name, a host is the same one to DNS, and another one to what routes requests.
    if place != origin(base) or found.hostname != own.hostname or found.username is not None:
        raise LinkRefused("is not an address" if place == NO_ORIGIN else "leads to another host")
    if not _is_below(found.path, own.path):
        raise LinkRefused("leads out of the account's address")
    target = found.path[len(own.path) :] + (f"?{found.query}" if found.query else "")
    return quote(target, safe=ALLOWED)


def _is_below(path: str, base: str) -> bool:
    """Return whether a path is below another, even if percent encoding hides dot segments."""
    if decoded_segments(path) is None:
        return False
    return path == base or path.startswith(f"{base}/")
