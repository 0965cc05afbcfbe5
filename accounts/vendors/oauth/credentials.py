"""Put an OAuth account's current access token on requests, as `Authorization: Bearer`."""

import threading
import weakref
from dataclasses import dataclass, field
from uuid import UUID

import httpx
from django.utils import timezone

from accounts.vendors.concealment import SecretMask
from accounts.vendors.oauth.client import ClientAtVendor
from accounts.vendors.oauth.grants import TokenCopy
from accounts.vendors.oauth.refreshing import usable_token


class LiveToken:
    """This process's copy of an account's token, shared by all connections to the account."""

    def __init__(self, account_id: UUID) -> None:
        self.account_id = account_id
        self.current: TokenCopy | None = None
        self.secrets: tuple[TokenCopy | None, SecretMask] | None = None


_tokens: "weakref.WeakValueDictionary[tuple[UUID, int], LiveToken]" = weakref.WeakValueDictionary()
_lock = threading.Lock()


def live_token(account_id: UUID, revision: int) -> LiveToken:
    """Return the token of an account; reconnecting it raises its revision, which leaves the old token behind."""
    with _lock:
        token = _tokens.get((account_id, revision))
        if token is None:
            token = _tokens[account_id, revision] = LiveToken(account_id)
        return token


@dataclass(frozen=True)
class OAuthCredentials:
    """Puts the access token on requests, and keeps it valid."""

    client: ClientAtVendor
    token: LiveToken = field(repr=False)
    fields: tuple[str, ...] = field(default=(), repr=False)

    def headers(self) -> dict[str, str]:
        """Return the Authorization header; nothing before `prepare` has found a token."""
        current = self.token.current
        return {"Authorization": f"Bearer {current.access_token}"} if current else {}

    def target(self, target: str) -> str:
        return target

    def stripped(self, target: str) -> str:
        return target

    @property
    def secrets(self) -> SecretMask:
        """The client's secrets and the current tokens."""
        current, known = self.token.current, self.token.secrets
        if known is None or known[0] is not current:
            tokens = (current.access_token, current.refresh_token) if current else ()
            known = self.token.secrets = current, SecretMask((self.client.client_secret, *self.fields, *tokens))
        return known[1]

    async def prepare(self) -> None:
        """Make sure of a valid token, or raise ReauthenticationNeeded, AuthorizationUnavailable or TokensUnreadable."""
        current = self.token.current
        if current is None or (current.look_at is not None and timezone.now() >= current.look_at):
            self._keep(await usable_token(self.client, self.token.account_id))

    async def renew(self, sent: httpx.Request) -> bool:
        """Replace the token that was sent; return False if there is no newer one to send."""
        current = self.token.current
        if current is None or sent.headers.get("Authorization") != f"Bearer {current.access_token}":
            return True  # another call has renewed it meanwhile
        renewed = await usable_token(self.client, self.token.account_id, rejected=current.version)
        self._keep(renewed)
        return renewed.version > current.version

    def _keep(self, received: TokenCopy) -> None:
        """Keep a token, unless a newer one has arrived meanwhile."""
        present = self.token.current
        if present is None or present.version <= received.version:
            self.token.current = received
