"""A connected account as a call sees it: where to send requests, and what puts its credentials on them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx

from accounts.definition import PLACEHOLDER, ConnectionField, Definition, OAuthAuthentication
from accounts.definition.patterns import PatternUnusable, matches
from accounts.errors import ConnectionIncomplete, UpstreamForbidden
from accounts.models import IntegratedAccount
from accounts.secret_routes import check_routes
from accounts.vendors.addresses import base_url_problem
from accounts.vendors.authentication import VendorAuthentication, bearer, fill, vendor_authentication
from accounts.vendors.oauth.client import endpoint_problem, registered_client
from accounts.vendors.oauth.credentials import OAuthCredentials, live_token
from accounts.vendors.oauth.tokens import TokenSet
from accounts.vendors.transport import Owner

MAX_UNKNOWN = 8
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
    def owner(self) -> Owner:
        """In whose name requests are sent."""
        return Owner(self.environment_id, self.account_id)

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
            extensions={"target": self.authentication.target(target), "owner": self.owner},
        )


def connect(account: IntegratedAccount, definition: Definition, tokens: TokenSet | None = None) -> Connection:
    """Return the connection of an account; raise CredentialsUnreadable, SecretsMoved or UpstreamForbidden.

    `tokens` are those of an OAuth connection that is still to be tested; otherwise it uses the account's own.
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
    )


def split_fields(
    definition: Definition, given: dict[str, Any], base_url: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """Check connection fields and part them into open and secret ones; raise ConnectionIncomplete.

    `base_url` is the account's own address, where it has one.
    """
    problems: dict[str, str] = {}
    known = {field.name: field for field in definition.connection_fields}
    for name in sorted(given.keys() - known.keys())[:MAX_UNKNOWN]:
        problems[name[:64]] = f"is not a connection field of {definition.label}; it has: {', '.join(known)}."
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
        elif problem := _form_problem(declared, value):
            problems[name] = problem
        elif name in in_header and not value.isascii():
            problems[name] = f"{declared.label} goes into a request header, which takes ASCII characters alone."
        else:
            (secret if declared.secret else opened)[name] = value
    if not problems:
        problems = _address_problems(definition, {**opened, **secret}, base_url)
    if problems:
        raise ConnectionIncomplete(problems)
    return opened, secret


def _form_problem(declared: ConnectionField, value: str) -> str:
    """Return why a value does not have the form that its field declares, or nothing."""
    try:
        if not declared.pattern or matches(declared.pattern, value):
            return ""
    except PatternUnusable:
        return f"{declared.label} cannot be checked: the pattern in the definition holds what no check understands."
    return f"{declared.label} does not have the expected form. {declared.help}".strip()


def _address_problems(definition: Definition, fields: dict[str, str], base_url: str) -> dict[str, str]:
    """Return why addresses that are made of these fields cannot be called, by the field that is to blame."""
    labels = {field.name: field.label for field in definition.connection_fields}
    declared = definition.authentication
    addresses = [(definition.base_url, base_url_problem(fill(definition.base_url, fields)))]
    if isinstance(declared, OAuthAuthentication):
        client = registered_client(definition, declared, fields, base_url)
        templates = {client.token_url: declared.templates["token_url"]}
        if client.needs_consent:
            templates[client.authorization_url] = declared.templates["authorization_url"]
        addresses += [(template, endpoint_problem(address)) for address, template in templates.items()]
    problems = {}
    for template, problem in addresses:
        named = PLACEHOLDER.findall(template)
        if problem and named:
            problems[named[0]] = f"{labels[named[0]]} does not make an address that can be called."
        elif problem and template is not definition.base_url:
            problems["base_url"] = f"{definition.label} cannot be asked for consent or tokens at {template}: {problem}"
    return problems
