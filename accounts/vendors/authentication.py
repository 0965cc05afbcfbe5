"""Put an account's credentials on requests to its vendor: one class for each kind, chosen by the definition.

Credentials are added last, after everything that a caller can influence, and never appear in `repr`.
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
    """What puts credentials on requests, and keeps them out of everything else."""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry credentials; they replace other headers of the same name."""

    def target(self, target: str) -> str:
        """Return a request target (path and query) with any credentials that belong in the query."""

    def stripped(self, target: str) -> str:
        """Return a target from a vendor, such as the next page's, without the credentials in it."""

    @property
    def secrets(self) -> SecretMask:
        """The current credentials, which must be masked in the vendor's answers."""

    async def prepare(self) -> None:
        """Make sure that the credentials are current.

        Raises ReauthenticationNeeded, or AuthorizationUnavailable if no new ones are available at present.
        """

    async def renew(self, sent: httpx.Request) -> bool:
        """Get new credentials after the vendor answered 401 to a request; return whether to send it once more.

        Raises ReauthenticationNeeded, or AuthorizationUnavailable if no new ones are available at present.
        """


@dataclass(frozen=True)
class FixedCredentials:
    """Credentials that stay as the admin gave them; by default nothing goes on a request."""

    secrets: SecretMask = field(repr=False)

    def headers(self) -> dict[str, str]:
        return {}

    def target(self, target: str) -> str:
        return target

    def stripped(self, target: str) -> str:
        return target

    async def prepare(self) -> None:
        """Do nothing: the credentials never change."""

    async def renew(self, sent: httpx.Request) -> bool:
        """Return False: there are no newer credentials."""
        return False


@dataclass(frozen=True)
class HeaderCredentials(FixedCredentials):
    """Credentials in one header: an API key, a bearer token, or a name with a password."""

    header: str
    value: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        return {self.header: self.value}


@dataclass(frozen=True)
class QueryKey(FixedCredentials):
    """An API key as a query parameter."""

    name: str
    value: str = field(repr=False)

    def target(self, target: str) -> str:
        """Add the parameter, replacing any of the same name."""
        bare = self.stripped(target)
        return f"{bare}{'&' if '?' in bare else '?'}{quote(self.name, safe='')}={quote(self.value, safe='')}"

    def stripped(self, target: str) -> str:
        """Remove the parameter, however its name is quoted."""
        path, _, query = target.partition("?")
        kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != self.name]
        return f"{path}?{'&'.join(kept)}" if kept else path


@dataclass(frozen=True)
class SeveralKeys(FixedCredentials):
    """API keys that go on a request together."""

    keys: tuple[FixedCredentials, ...] = field(repr=False)

    def headers(self) -> dict[str, str]:
        return {name: value for key in self.keys for name, value in key.headers().items()}

    def target(self, target: str) -> str:
        return reduce(lambda so_far, key: key.target(so_far), self.keys, target)

    def stripped(self, target: str) -> str:
        return reduce(lambda so_far, key: key.stripped(so_far), self.keys, target)


def vendor_authentication(
    declared: Authentication, fields: dict[str, str], secrets: tuple[str, ...] = ()
) -> VendorAuthentication:
    """Return what puts these connection fields on requests, as the definition declares.

    `secrets` are the values of secret fields, wherever the definition uses them. For the kinds of OAuth, see
    accounts/vendors/oauth.
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
        # Also with its name, since a short key alone is not long enough to be masked.
        return QueryKey(SecretMask((key, f"{declared.query}={key}", *secrets)), str(declared.query), key)
    # Also its last word, since the header may contain more than the key.
    return HeaderCredentials(SecretMask((key, key.rpartition(" ")[2], *secrets)), declared.header, key)


def bearer(token: str, secrets: tuple[str, ...] = ()) -> HeaderCredentials:
    """Return the credentials of a bearer token (RFC 6750, section 2.1)."""
    return HeaderCredentials(SecretMask((token, f"Bearer {token}", *secrets)), "Authorization", f"Bearer {token}")


def fill(template: str, fields: dict[str, str]) -> str:
    """Replace each `{placeholder}` of a template by the connection field of that name, or by nothing."""
    return PLACEHOLDER.sub(lambda found: fields.get(found.group(1), ""), template)
