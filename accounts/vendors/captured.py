"""Capture an exchange with a vendor for people to see: the request and its answer, without credentials."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx

from accounts.vendors.concealment import MASK, SecretMask
from accounts.vendors.connection import Connection
from accounts.vendors.upstream import UpstreamResponse

MOST_CHARACTERS = 20_000
# Parts of the media types whose body people can read, forms included.
TEXTUAL = ("json", "xml", "text/", "x-www-form-urlencoded", "javascript", "csv")
# Headers of an answer that carry secrets of the vendor.
SECRET_HEADERS = frozenset({"set-cookie", "set-cookie2", "authentication-info", "proxy-authenticate"})

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """What one side sent: headers, and a body as text; `size` is the whole body's in bytes."""

    headers: Headers = field(repr=False)
    body: str = field(repr=False)
    size: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class CapturedExchange:
    """A request and its answer; `status` and `answer` are None if none came."""

    method: str
    url: str = field(repr=False)
    request: CapturedMessage
    status: int | None = None
    answer: CapturedMessage | None = None


def exchange_of(
    connection: Connection, sent: httpx.Request, content: bytes, response: UpstreamResponse | None
) -> CapturedExchange:
    """Return an exchange with every credential of the request masked; the answer must be masked already."""
    secrets = connection.authentication.secrets
    credentials = {name.lower() for name in connection.authentication.headers()}
    headers = [
        (name, MASK if name.lower() in credentials else secrets.conceal(value))
        for name, value in sent.headers.items()
        if name.lower() != "host"
    ]
    return CapturedExchange(
        method=sent.method,
        url=secrets.conceal(_address(connection, sent)),
        request=_message(headers, content, sent.headers.get("content-type", ""), secrets),
        status=response.status if response else None,
        answer=_answer(response) if response else None,
    )


def _address(connection: Connection, sent: httpx.Request) -> str:
    """Return the whole address; what the credentials add to the query is masked, however short.

    At another host than the account's, such as one for downloads, the whole query is masked: it is a credential there.
    """
    target = str(sent.extensions["target"])
    path, mark, query = target.partition("?")
    if sent.url != connection.base:
        return f"{str(sent.url).rstrip('/')}{path}{mark}{MASK if query else ''}"
    authentication = connection.authentication
    bare = authentication.stripped(target)
    added = _pairs(authentication.target(bare)) - _pairs(bare)
    shown = "&".join(f"{pair.partition('=')[0]}={MASK}" if pair in added else pair for pair in query.split("&"))
    return f"{connection.base_url}{path}{mark}{shown}"


def _pairs(target: str) -> set[str]:
    return {*target.partition("?")[2].split("&")}


def _answer(response: UpstreamResponse) -> CapturedMessage:
    headers = [(name, MASK if name in SECRET_HEADERS else value) for name, value in response.headers.items()]
    return _message(headers, response.body, response.media_type, SecretMask(()))


def _message(headers: Iterable[tuple[str, str]], body: bytes, media_type: str, secrets: SecretMask) -> CapturedMessage:
    if body and not any(word in media_type.lower() for word in TEXTUAL):
        return CapturedMessage([*headers], "", len(body))
    # Masked before JSON is reformatted, which may quote secrets differently, and before a cut could split one.
    text = _on_lines(secrets.conceal(body.decode("utf-8", errors="replace")), media_type)
    return CapturedMessage([*headers], text[:MOST_CHARACTERS], len(body), len(text) > MOST_CHARACTERS)


def _on_lines(text: str, media_type: str) -> str:
    """Return JSON with each member on a line of its own, unless it is too long; return other text unchanged."""
    if "json" not in media_type.lower() or len(text) > MOST_CHARACTERS:
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
