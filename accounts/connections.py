"""A connected account as a call sees it: where to send requests, and what puts its credentials on them."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx
import jmespath
from asgiref.sync import async_to_sync
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.addresses import base_url_problem
from accounts.definition import PLACEHOLDER, Definition
from accounts.errors import ConnectionIncomplete, ConnectionRefused, UpstreamFailure, UpstreamForbidden
from accounts.models import IntegratedAccount
from accounts.upstream import Upstream, UpstreamResponse
from accounts.vendor_authentication import VendorAuthentication, fill, vendor_authentication

# Only what httpx decodes by itself, so that the limit on the answer's size holds after decompression.
BASE_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "Patchbay/1"}


@dataclass(frozen=True)
class Connection:
    """One account, ready to be called. Nothing secret shows in its `repr`."""

    account_id: UUID
    environment_id: UUID
    account_name: str
    vendor: str
    base_url: str
    authentication: VendorAuthentication = field(repr=False)

    @cached_property
    def _base(self) -> httpx.URL:
        return httpx.URL(self.base_url)

    @cached_property
    def _headers(self) -> httpx.Headers:
        return self._with_credentials(BASE_HEADERS)

    def _with_credentials(self, headers: dict[str, str]) -> httpx.Headers:
        complete = dict(headers)
        self.authentication.apply(complete)
        return httpx.Headers(complete)

    def request(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Request:
        """Build a request; `target` is path and query, already quoted. Credentials go on last."""
        return httpx.Request(
            method,
            self._base,
            headers=self._with_credentials({**BASE_HEADERS, **headers}) if headers else self._headers,
            stream=httpx.ByteStream(content),
            extensions={"target": target},
        )


def connect(account: IntegratedAccount, definition: Definition) -> Connection:
    """Return the connection of an account; raise CredentialsUnreadable."""
    fields = {**account.connection, **account.read_credentials()}
    return Connection(
        account_id=account.pk,
        environment_id=account.environment_id,
        account_name=account.name,
        vendor=definition.label,
        base_url=(account.base_url or fill(definition.base_url, fields)).rstrip("/"),
        authentication=vendor_authentication(definition.authentication, fields),
    )


def split_fields(definition: Definition, given: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Check connection fields and part them into open and secret ones; raise ConnectionIncomplete."""
    problems: dict[str, str] = {}
    known = {field.name: field for field in definition.connection_fields}
    for name in given.keys() - known.keys():
        problems[name] = f"is not a connection field of {definition.label}; it has: {', '.join(known)}."
    in_header = PLACEHOLDER.findall(definition.authentication.value)
    opened: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name, declared in known.items():
        value = given.get(name)
        if value is None or value == "":
            if declared.required:
                problems[name] = f"{declared.label} is required."
            continue
        if not isinstance(value, str) or not value.isprintable() or len(value) > 4000:
            problems[name] = f"{declared.label} takes one line of text."
        elif declared.pattern and not re.fullmatch(declared.pattern, value):
            problems[name] = f"{declared.label} does not have the expected form. {declared.help}".strip()
        elif name in in_header and not value.isascii():
            problems[name] = f"{declared.label} goes into a request header, which takes ASCII characters alone."
        else:
            (secret if declared.secret else opened)[name] = value
    in_address = PLACEHOLDER.findall(definition.base_url)
    if in_address and not problems and base_url_problem(fill(definition.base_url, {**opened, **secret})):
        problems[in_address[0]] = f"{known[in_address[0]].label} does not make an address that can be called."
    if problems:
        raise ConnectionIncomplete(problems)
    return opened, secret


async def check_connection(connection: Connection, definition: Definition) -> list[str]:
    """Ask the vendor whether the connection works; return the scopes it tells, or raise ConnectionRefused."""
    test = definition.connection_test
    async with Upstream() as upstream:
        try:
            response = await upstream.send(connection.request(test.method, test.path))
        except UpstreamForbidden as failure:
            raise ConnectionRefused(f"{definition.label} was not asked: {failure}.", forbidden=True) from None
        except UpstreamFailure as failure:
            raise ConnectionRefused(f"{definition.label} could not be reached: {failure}.") from None
    if not 200 <= response.status < 300:
        said, _ = vendor_words(response, definition, connection)
        raise ConnectionRefused(
            f"{definition.label} refused the connection with HTTP {response.status}" + (f": {said}" if said else "."),
            response.status,
        )
    try:
        body = bounded_json.loads(response.body)
        scopes = jmespath.search(test.scopes, body) if test.scopes else []
    except (bounded_json.NotJSON, JMESPathError):
        raise ConnectionRefused(
            f"What answered at this address is not {definition.label}'s API: the answer is not the JSON it gives. "
            "Check the connection fields.",
            response.status,
        ) from None
    return [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []


def verify_connection(account: IntegratedAccount) -> None:
    """Test an account and note the outcome on it (not saved); raise ConnectionRefused or CredentialsUnreadable."""
    definition = account.integration.parsed()
    account.mark_checked(scopes=async_to_sync(check_connection)(connect(account, definition), definition))


def vendor_words(response: UpstreamResponse, definition: Definition, connection: Connection) -> tuple[str, str]:
    """Return what the vendor says went wrong, and its code for that; either may be empty.

    Each is one line, of at most 500 and 100 characters, without the credentials that some vendors repeat.
    """
    told = definition.errors
    words = _told(response, told.message_header, told.message)
    code = _told(response, told.code_header, told.code)
    return connection.authentication.conceal(words)[:500], connection.authentication.conceal(code)[:100]


def _told(response: UpstreamResponse, header: str | None, expression: str | None) -> str:
    """Return what stands in a header, or else in the JSON body at a place."""
    said: Any = response.headers.get(header.lower()) if header else None
    if not said and expression and "json" in response.media_type:
        try:
            said = jmespath.search(expression, bounded_json.loads(response.body))
        except (bounded_json.NotJSON, JMESPathError):
            said = None
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    return " ".join(said.split()) if isinstance(said, str) else ""
