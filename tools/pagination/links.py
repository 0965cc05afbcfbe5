"""Vendors' links to the next page: read a Link header, and check an address against the account's own."""

import re
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from accounts.vendors.addresses import DEFAULT_PORTS, origin
from accounts.vendors.segments import CONTROL, decoded_segments

# RFC 8288, section 3: <address> and its parameters, up to a comma outside quoted text.
LINK = re.compile(r'<([^<>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)')
PARAMETER = re.compile(r';\s*([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,\s"]*)))?')
# What RFC 3986 allows in path and query, percent signs included; anything else is quoted.
ALLOWED = "%/:?[]@!$&'()*+,;=-._~"


# What cannot be mistaken for a token: a scheme, a path from the root or with dots, or a query.
WRITTEN_AS_LINK = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*://|\.{0,2}/)|[^?]*\?", re.IGNORECASE)


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


def may_be_link(text: str, asked: str) -> bool:
    """Return whether a text in the answer to the target `asked` is written as a link, rather than a token.

    A relative path counts only from a name on the way to the list: tokens may contain slashes too.
    """
    first, slash, _ = text.partition("/")
    return bool(WRITTEN_AS_LINK.match(text) or (slash and first in _names(asked.partition("?")[0])))


def query_value(link: str, name: str) -> str:
    """Return the value of a parameter in a link's query; empty if it has none."""
    try:
        query = urlsplit(link).query
    except ValueError:
        return ""
    return next((value for key, value in parse_qsl(query, max_num_fields=100) if key == name), "")


def target_of(link: str, *, base: str, asked: str) -> str:
    """Return the path and query of a link, below the base address; raise LinkRefused.

    `asked` is the target of the request whose answer has the link; a relative link is resolved against it (RFC 3986,
    section 5). A link to another scheme, host or port, or out of the path of the base address, leads to the very list
    that was asked for if its path ends with that list's: behind a gateway, vendors write the address that they know
    themselves by. Only its query is used then. Any other such link is refused.
    """
    written = link.strip(" ")
    if CONTROL.search(written) or "\\" in written.partition("?")[0]:
        raise LinkRefused("is not an address")
    try:
        parts, address = urlsplit(written), urljoin(base + asked, written)
        found = urlsplit(address)
    except ValueError:
        raise LinkRefused("is not an address") from None
    place = origin(address)
    # Parsers disagree on an authority that is empty, or missing after a scheme.
    if place[0] not in DEFAULT_PORTS or ((parts.scheme or written.startswith("//")) and not parts.netloc):
        raise LinkRefused("is not an address")
    own = urlsplit(base)
    # With a dot behind its name, a host is the same one to DNS, and another one to what routes requests.
    is_own = place == origin(base) and found.hostname == own.hostname and found.username is None
    path = found.path[len(own.path) :] if is_own and _is_below(found.path, own.path) else _same_list(found.path, asked)
    if path is None or (found.username is not None and not is_own):
        raise LinkRefused("leads out of the account's address" if is_own else "leads to another host")
    return quote(path + (f"?{found.query}" if found.query else ""), safe=ALLOWED)


def _is_below(path: str, base: str) -> bool:
    """Return whether a path is below another, even if percent encoding hides dot segments."""
    if decoded_segments(path) is None:
        return False
    return path == base or path.startswith(f"{base}/")


def _same_list(path: str, asked: str) -> str | None:
    """Return the path that was asked for if another one ends with it; None if it does not."""
    wanted = asked.partition("?")[0]
    found, segments = _names(path), _names(wanted)
    return wanted if segments and found[-len(segments) :] == segments else None


def _names(path: str) -> list[str]:
    return [segment for segment in decoded_segments(path) or [] if segment]
