"""A connected account as a call sees it: where to send requests, and what puts its credentials on them."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx

from accounts.addresses import base_url_problem
from accounts.definition import PLACEHOLDER, Definition
from accounts.errors import ConnectionIncomplete
from accounts.models import IntegratedAccount
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
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def base(self) -> httpx.URL:
        """The address that stands before every target."""
        return httpx.URL(self.base_url)

    @cached_property
    def _usual(self) -> httpx.Headers:
        usual = httpx.Headers(BASE_HEADERS)
        usual.update(self.headers)
        return usual

    def request(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Request:
        """Build a request; `target` is path and query, already quoted. Credentials go on last."""
        complete = self._usual.copy()
        complete.update(headers)
        complete.update(self.authentication.headers())
        return httpx.Request(
            method,
            self.base,
            headers=complete,
            stream=httpx.ByteStream(content),
            extensions={"target": self.authentication.target(target)},
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
        headers=definition.headers,
    )


def split_fields(definition: Definition, given: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Check connection fields and part them into open and secret ones; raise ConnectionIncomplete."""
    problems: dict[str, str] = {}
    known = {field.name: field for field in definition.connection_fields}
    for name in given.keys() - known.keys():
        problems[name] = f"is not a connection field of {definition.label}; it has: {', '.join(known)}."
    in_header = PLACEHOLDER.findall(" ".join(definition.authentication.templates.values()))
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
