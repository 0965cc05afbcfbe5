"""What a vendor's authorization server gave an account: its tokens, and where their refresh stands."""

import json
import secrets
from datetime import datetime, timedelta

from django.db import models

from accounts.keyring import key_ring
from accounts.models.integrations import IntegratedAccount
from accounts.token_sets import TokenSet

# How long before their end tokens are refreshed, in seconds; spread, so that many accounts do not ask at once.
EARLIEST, LATEST = 180, 60
# A token that ends sooner than this is taken for one that has ended: the request is still to travel.
TRAVEL = timedelta(seconds=5)
# A refresh token is used before its own end, where the vendor tells one, however little the account is.
REFRESH_TOKEN_RESERVE = timedelta(days=1)


class OAuthGrant(models.Model):
    """The tokens of one account, encrypted and bound to it. Each new access token raises `version`.

    `lease_holder` renews the tokens until `lease_until`; `refresh_began_at` is noted before the vendor is asked and
    taken away with the answer, so that one which is left over tells of a refresh whose outcome nobody kept.
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
        """Take new tokens, and forget what went wrong before (not saved).

        Without a new refresh token the present one stays (RFC 6749, section 6).
        """
        refresh_token = tokens.refresh_token or self.read_tokens()[1]
        self.tokens = self._sealed(tokens.access_token, refresh_token)
        self.version += 1
        self.expires_at = now + timedelta(seconds=tokens.expires_in) if tokens.expires_in else None
        if tokens.refresh_expires_in:
            self.refresh_expires_at = now + timedelta(seconds=tokens.refresh_expires_in)
        elif tokens.refresh_token:
            self.refresh_expires_at = None
        self.refresh_at = self._refresh_at(now)
        self.lease_holder = self.lease_until = self.refresh_began_at = self.interrupted_at = None
        self.failures, self.retry_at, self.refused_at, self.problem = 0, None, None, ""

    def _refresh_at(self, now: datetime) -> datetime | None:
        moments = []
        if self.expires_at is not None:
            early = LATEST + secrets.randbelow(EARLIEST - LATEST + 1)
            # A token that lives for minutes is not refreshed all the time.
            moments.append(self.expires_at - min(timedelta(seconds=early), (self.expires_at - now) / 2))
        if self.refresh_expires_at is not None and self.refresh_expires_at > now:
            moments.append(self.refresh_expires_at - min(REFRESH_TOKEN_RESERVE, (self.refresh_expires_at - now) / 2))
        return min(moments, default=None)

    def read_tokens(self) -> tuple[str, str]:
        """Return access and refresh token, either may be empty; raise CredentialsUnreadable."""
        if not self.tokens:
            return "", ""
        held = json.loads(key_ring().decrypt(self.tokens, context=self._context()))
        return held["access_token"], held["refresh_token"]

    def _sealed(self, access_token: str, refresh_token: str) -> str:
        text = json.dumps({"access_token": access_token, "refresh_token": refresh_token})
        return key_ring().encrypt(text, context=self._context())

    def encrypt_again(self) -> bool:
        """Put the tokens under the primary key; return whether they were under another one (not saved)."""
        if not self.tokens or key_ring().is_current(self.tokens):
            return False
        self.tokens = self._sealed(*self.read_tokens())
        return True

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time for new tokens."""
        return not self.tokens or (self.refresh_at is not None and now >= self.refresh_at)

    def is_over(self, now: datetime) -> bool:
        """Tell whether the access token is of no use any more."""
        return not self.tokens or (self.expires_at is not None and now >= self.expires_at - TRAVEL)

    def is_leased(self, now: datetime) -> bool:
        """Tell whether somebody is renewing the tokens at this moment."""
        return self.lease_until is not None and now < self.lease_until
