"""A connected account, ready for calls: where its requests go, and what puts its credentials on them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from accounts.definition import Definition, OAuthAuthentication
from accounts.errors import UpstreamForbidden
from accounts.models import IntegratedAccount
from accounts.notices import Party
from accounts.product import USER_AGENT
from accounts.token_sets import TokenSet
from accounts.vendors.addresses import base_url_problem, origin
from accounts.vendors.authentication import VendorAuthentication, bearer, fill, vendor_authentication
from accounts.vendors.oauth.client import registered_client
from accounts.vendors.oauth.credentials import OAuthCredentials, live_token
from accounts.vendors.owner import Owner
from accounts.vendors.record_pages import NO_PAGES, RecordPages, record_pages
from accounts.vendors.routes import destination_of
from accounts.vendors.secret_routes import check_routes
from accounts.vendors.segments import decoded_segments

# Only the encodings that accounts/vendors/decompression.py supports, which bounds the decompressed size.
BASE_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}


@dataclass(frozen=True)
class Connection:
    """One account, ready to be called; its `repr` contains no secrets."""

    account_id: UUID
    environment_id: UUID
    account_name: str
    vendor: str
    base_url: str
    authentication: VendorAuthentication = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    # The account's, when the connection was made.
    revision: int = 0
    # Of the definition's address, where that has placeholders, which may stand for secrets.
    shown_host: str = ""
    pages: RecordPages = NO_PAGES
    # What its secrets were given for, as `destination_of` returns it.
    destination: str = ""
    # The credentials of the latest request, and its headers.
    _latest: tuple[dict[str, str], httpx.Headers] | None = field(default=None, init=False, repr=False, compare=False)

    @cached_property
    def base(self) -> httpx.URL:
        """The base address, to which targets are appended."""
        return httpx.URL(self.base_url)

    def is_home(self, address: str, below: str) -> bool:
        """Return whether an address is below a path of the origin, or place, that the account's secrets are for."""
        if not self.destination or origin(address) != origin(self.destination):
            return False
        own, path = urlsplit(self.destination).path, urlsplit(address).path
        # A dot segment would lead out of it.
        return path.startswith(below) and path.startswith(f"{own}/") and decoded_segments(path) is not None

    @cached_property
    def owner(self) -> Owner:
        return Owner(self.environment_id, self.account_id)

    @cached_property
    def party(self) -> Party:
        """The account as notices name it."""
        return Party(self.account_id, self.account_name, self.vendor)

    @cached_property
    def shown(self) -> dict[str, str]:
        """The attributes of spans that requests of this connection have."""
        return {
            "server.address": self.shown_host,
            "patchbay.vendor": self.vendor,
            "patchbay.account.id": str(self.account_id),
        }

    @cached_property
    def _usual(self) -> httpx.Headers:
        usual = httpx.Headers(BASE_HEADERS)
        usual.update(self.headers)
        return usual

    def _usual_with(self, credentials: dict[str, str]) -> httpx.Headers:
        """Return the headers of a request that has none of its own; they change when a token is renewed."""
        kept = self._latest
        if kept is None or kept[0] != credentials:
            kept = credentials, self._with({}, credentials)
            object.__setattr__(self, "_latest", kept)
        return kept[1]

    def _with(self, headers: dict[str, str], credentials: dict[str, str]) -> httpx.Headers:
        complete = self._usual.copy()
        complete.update(headers)
        cookies = complete.get("cookie")
        complete.update(credentials)
        if cookies and complete["cookie"] != cookies:
            # RFC 6265, section 5.4: one header for all; the account's own come first.
            complete["cookie"] = f"{complete['cookie']}; {cookies}"
        return complete

    def request(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Request:
        """Build a request; `target` is path and query, already quoted. Credentials are added last."""
        credentials = self.authentication.headers()
        complete = self._with(headers, credentials) if headers else self._usual_with(credentials)
        # Only the base address is a parsed URL; the transport appends the target to it.
        return httpx.Request(
            method,
            self.base,
            headers=complete,
            stream=httpx.ByteStream(content),
            extensions={"target": self.authentication.target(target), "owner": self.owner, "connection": self.shown},
        )


def connect(account: IntegratedAccount, definition: Definition, tokens: TokenSet | None = None) -> Connection:
    """Return the connection of an account; raise CredentialsUnreadable, SecretsMoved or UpstreamForbidden.

    `tokens` are those of an OAuth connection that has yet to be tested; by default it uses the account's own.
    """
    routes = check_routes(account, definition)
    secret = account.read_credentials()
    fields = {**account.connection, **secret}
    secrets = tuple(secret.values())
    declared = definition.authentication
    authentication: VendorAuthentication
    if not isinstance(declared, OAuthAuthentication):
        authentication = vendor_authentication(declared, fields, secrets)
    elif tokens is not None:
        authentication = bearer(tokens.access_token, secrets)
    else:
        client = replace(registered_client(definition, declared, fields, account.base_url), routes=routes)
        authentication = OAuthCredentials(client, live_token(account.pk, account.revision), secrets)
    base_url = account.base_url or fill(definition.base_url, fields)
    problem = base_url_problem(base_url)
    if problem:
        raise UpstreamForbidden(f"its address cannot be used: {problem[:1].lower()}{problem[1:].rstrip('.')}")
    return Connection(
        account_id=account.pk,
        environment_id=account.environment_id,
        account_name=account.name,
        vendor=definition.label,
        base_url=base_url.rstrip("/"),
        authentication=authentication,
        headers=definition.headers,
        revision=account.revision,
        shown_host=urlsplit(account.base_url or definition.base_url).hostname or "",
        pages=record_pages(definition, account.connection),
        destination=destination_of(base_url, definition.base_url, fields),
    )
