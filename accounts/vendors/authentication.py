"""How an account's credentials go on a request to its vendor: one class a kind, chosen by the definition.

Credentials are put on last, after everything a caller has a say in, and never appear in `repr`.
"""

import base64
from dataclasses import dataclass, field
from functools import reduce
from typing import Protocol
from urllib.parse import quote, unquote_plus

import httpx

from accounts.definition import (
    PLACEHOLDER,
    ApiKey,
    ApiKeysAuthentication,
    Authentication,
    BasicAuthentication,
    BearerAuthentication,
)
from accounts.vendors.concealment import SecretMask


class VendorAuthentication(Protocol):
    """Put credentials on a request, and keep them out of everything else."""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry credentials; they replace what stands there under the same name."""

    def target(self, target: str) -> str:
        """Return a request target (path and query) with the credentials that go into the query."""

    def stripped(self, target: str) -> str:
        """Return a target that a vendor made, such as the next page's, without the credentials in it."""

    @property
    def secrets(self) -> SecretMask:
        """The credentials of the moment, to be kept out of what a vendor answers to them."""

    async def prepare(self) -> None:
        """Make sure that the credentials are current.

        Raises ReauthenticationNeeded, or AuthorizationUnavailable where new ones cannot be had at present.
        """

    async def renew(self, sent: httpx.Request) -> bool:
        """Get new credentials after the vendor answered 401 to a request; return whether to ask it once more.

        Raises ReauthenticationNeeded, or AuthorizationUnavailable where new ones cannot be had at present.
        """


@dataclass(frozen=True)
class FixedCredentials:
    """Credentials that stay as the admin gave them."""

    secrets: SecretMask = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Nothing, unless a kind says otherwise."""
        return {}

    def target(self, target: str) -> str:
        """Nothing is added, unless a kind says otherwise."""
        return target

    def stripped(self, target: str) -> str:
        """Nothing is in it, unless a kind says otherwise."""
        return target

    async def prepare(self) -> None:
        """They are always as current as they will be."""

    async def renew(self, sent: httpx.Request) -> bool:
        """Nothing newer can be had."""
        return False


@dataclass(frozen=True)
class HeaderCredentials(FixedCredentials):
    """Credentials in one header: an API key, a bearer token, a name with a password."""

    header: str
    value: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Set the header."""
        return {self.header: self.value}


@dataclass(frozen=True)
class QueryKey(FixedCredentials):
    """An API key as a parameter of the query."""

    name: str
    value: str = field(repr=False)

    def target(self, target: str) -> str:
        """Add the parameter, in the place of one of its name."""
        bare = self.stripped(target)
        return f"{bare}{'&' if '?' in bare else '?'}{quote(self.name, safe='')}={quote(self.value, safe='')}"

    def stripped(self, target: str) -> str:
        """Leave the parameter out, however its name is quoted."""
        path, _, query = target.partition("?")
        kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != self.name]
        return f"{path}?{'&'.join(kept)}" if kept else path


@dataclass(frozen=True)
class SeveralKeys(FixedCredentials):
    """API keys that go on a request together."""

    keys: tuple[FixedCredentials, ...] = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Set the header of each that has one."""
        return {name: value for key in self.keys for name, value in key.headers().items()}

    def target(self, target: str) -> str:
        """Add the parameter of each that has one."""
        return reduce(lambda so_far, key: key.target(so_far), self.keys, target)

    def stripped(self, target: str) -> str:
        """Leave the parameter of each out."""
        return reduce(lambda so_far, key: key.stripped(so_far), self.keys, target)


def vendor_authentication(
    declared: Authentication, fields: dict[str, str], secrets: tuple[str, ...] = ()
) -> VendorAuthentication:
    """Return what puts these connection fields on requests, as the definition declares.

    `secrets` are the values of the fields that are kept secret, wherever the definition uses them. The kinds of OAuth
    have their credentials in accounts/vendors/oauth.
    """
    match declared:
        case ApiKey():
            return _key(declared, fields, secrets)
        case ApiKeysAuthentication():
            keys = tuple(_key(key, fields, secrets) for key in declared.keys)
            return SeveralKeys(SecretMask(text for key in keys for text in key.secrets.values), keys)
        case BearerAuthentication():
            return bearer(fill(declared.token, fields), secrets)
        case BasicAuthentication():
            username, password = fill(declared.username, fields), fill(declared.password, fields)
            pair = base64.b64encode(f"{username}:{password}".encode()).decode()
            return HeaderCredentials(SecretMask((pair, password, *secrets)), "Authorization", f"Basic {pair}")
        case _:
            raise NotImplementedError(declared.kind)


def _key(declared: ApiKey, fields: dict[str, str], secrets: tuple[str, ...]) -> HeaderCredentials | QueryKey:
    key = fill(declared.value, fields)
    if declared.header is None:
        # With its name too, which makes one that is short long enough to be found.
        return QueryKey(SecretMask((key, f"{declared.query}={key}", *secrets)), str(declared.query), key)
    # Its last word too, where the header holds more than the key.
    return HeaderCredentials(SecretMask((key, key.rpartition(" ")[2], *secrets)), declared.header, key)


def bearer(token: str, secrets: tuple[str, ...] = ()) -> HeaderCredentials:
    """Return credentials that are one bearer token (RFC 6750, section 2.1)."""
    return HeaderCredentials(SecretMask((token, f"Bearer {token}", *secrets)), "Authorization", f"Bearer {token}")


def fill(template: str, fields: dict[str, str]) -> str:
    """Replace each `{placeholder}` of a template by the connection field of that name."""
    return PLACEHOLDER.sub(lambda found: fields.get(found.group(1), ""), template)
