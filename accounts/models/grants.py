"""OAuth tokens of an account, and the state of their refresh."""

import json
import secrets
from datetime import datetime, timedelta

from django.db import models

from accounts.errors import CredentialsUnreadable
from accounts.keyring import key_ring
from accounts.models.integrations import IntegratedAccount
from accounts.token_sets import TokenSet

# Seconds before expiry at which tokens are refreshed; random, so that many accounts do not refresh at once.
EARLIEST, LATEST = 180, 60
# A token that expires sooner counts as expired, because the request takes time to arrive.
TRAVEL = timedelta(seconds=5)
# An unused account is refreshed too, this long before its refresh token expires.
REFRESH_TOKEN_RESERVE = timedelta(days=1)


class OAuthGrant(models.Model):
    """The tokens of one account, encrypted and bound to it. Each new access token raises `version`.

    `lease_holder` may renew the tokens until `lease_until`. `refresh_began_at` is set before the vendor is asked and
    cleared with its answer; a leftover one marks a refresh whose outcome was lost.
    """

    account = models.OneToOneField(IntegratedAccount, on_delete=models.CASCADE, primary_key=True, related_name="grant")
    tokens = models.TextField(blank=True, editable=False)
    version = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_at = models.DateTimeField(null=True, blank=True, db_index=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    renewed_at = models.DateTimeField(null=True, blank=True, help_text="When a 401 caused a refresh last.")
    lease_holder = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    refresh_began_at = models.DateTimeField(null=True, blank=True)
    interrupted_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "OAuth grant"

    def __str__(self) -> str:
        return f"tokens of {self.account_id}, version {self.version}"

    def _context(self) -> str:
        return f"oauth-grant:{self.account_id}"

    def set_tokens(self, tokens: TokenSet, now: datetime) -> None:
        """Store new tokens, and clear earlier failures (not saved).

        The current refresh token stays if there is no new one (RFC 6749, section 6).
        """
        refresh_token = tokens.refresh_token or self._kept_refresh_token()
        self.tokens = self._sealed(tokens.access_token, refresh_token)
        self.version += 1
        self.expires_at = now + timedelta(seconds=tokens.expires_in) if tokens.expires_in else None
        if tokens.refresh_expires_in:
            self.refresh_expires_at = now + timedelta(seconds=tokens.refresh_expires_in)
        elif tokens.refresh_token:  # the previous one's expiry does not apply to it
            self.refresh_expires_at = None
        self.refresh_at = self._refresh_at(now)
        self.lease_holder = self.lease_until = self.refresh_began_at = self.interrupted_at = None
        self.failures, self.retry_at, self.refused_at, self.problem = 0, None, None, ""

    def _refresh_at(self, now: datetime) -> datetime | None:
        moments = []
        if self.expires_at is not None:
            early = LATEST + secrets.randbelow(EARLIEST - LATEST + 1)
            # Half of its lifetime at most, or a token that lives for minutes would be refreshed all the time.
            moments.append(self.expires_at - min(timedelta(seconds=early), (self.expires_at - now) / 2))
        if self.refresh_expires_at is not None and self.refresh_expires_at > now:
            moments.append(self.refresh_expires_at - min(REFRESH_TOKEN_RESERVE, (self.refresh_expires_at - now) / 2))
        return min(moments, default=None)

    def read_tokens(self) -> tuple[str, str]:
        """Return access and refresh token, each possibly empty; raise CredentialsUnreadable."""
        if not self.tokens:
            return "", ""
        tokens = json.loads(key_ring().decrypt(self.tokens, context=self._context()))
        return tokens["access_token"], tokens["refresh_token"]

    def _kept_refresh_token(self) -> str:
        try:
            return self.read_tokens()[1]
        except CredentialsUnreadable:
            return ""  # its key was lost: new tokens must not fail because of it

    def _sealed(self, access_token: str, refresh_token: str) -> str:
        text = json.dumps({"access_token": access_token, "refresh_token": refresh_token})
        return key_ring().encrypt(text, context=self._context())

    def encrypt_again(self) -> bool:
        """Re-encrypt the tokens under the primary key; return whether that was needed (not saved)."""
        if not self.tokens or key_ring().is_current(self.tokens):
            return False
        self.tokens = self._sealed(*self.read_tokens())
        return True

    def is_due(self, now: datetime) -> bool:
        """Return whether the tokens should be refreshed now."""
        return not self.tokens or (self.refresh_at is not None and now >= self.refresh_at)

    def is_over(self, now: datetime) -> bool:
        """Return whether the access token is missing, expired or about to expire."""
        return not self.tokens or (self.expires_at is not None and now >= self.expires_at - TRAVEL)

    def is_leased(self, now: datetime) -> bool:
        """Return whether a process is renewing the tokens."""
        return self.lease_until is not None and now < self.lease_until
