"""A person's second factor: time-based codes (RFC 6238), and recovery codes in case the phone is lost."""

import hmac
import logging
import secrets
from datetime import datetime, timedelta

import pyotp
from django.db import models
from django.utils import timezone

from accounts import tokens
from accounts.errors import CredentialsUnreadable
from accounts.keyring import key_ring
from accounts.models.people import User

logger = logging.getLogger(__name__)

STEP_SECONDS = 30
RECOVERY_CODES = 10
# After five wrong guesses of six digits, a doubling pause makes brute force impractical.
FREE_FAILURES = 5
LONGEST_PAUSE = timedelta(hours=1)


class SecondFactor(models.Model):
    """What a person proves in addition to the password; the secret is encrypted, recovery codes are digested."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.TextField(editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False, help_text="Asked for at sign-in from then on.")
    last_step = models.PositiveBigIntegerField(default=0, editable=False, help_text="A code is good for one sign-in.")
    recovery_digests = models.JSONField(default=list, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    locked_until = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"Second factor of {self.user}"

    @property
    def _context(self) -> str:
        return f"second-factor:{self.user_id}"

    def begin(self) -> None:
        """Start the setup with a new secret (not saved)."""
        self.set_secret(pyotp.random_base32())
        self.confirmed_at, self.last_step, self.failures, self.locked_until = None, 0, 0, None

    def set_secret(self, secret: str) -> None:
        """Encrypt a secret into this row (not saved)."""
        self.secret = key_ring().encrypt(secret, context=self._context)

    def read_secret(self) -> str:
        """Return the secret in base32; raise CredentialsUnreadable."""
        return key_ring().decrypt(self.secret, context=self._context)

    def encrypt_again(self) -> bool:
        """Re-encrypt the secret under the primary key; return whether that was needed (not saved)."""
        if key_ring().is_current(self.secret):
            return False
        self.set_secret(self.read_secret())
        return True

    def setup_address(self, issuer: str) -> str:
        """Return the `otpauth:` URI that authenticator apps read from a QR code."""
        return pyotp.TOTP(self.read_secret()).provisioning_uri(name=self.user.get_username(), issuer_name=issuer)

    def new_recovery_codes(self) -> list[str]:
        """Replace the recovery codes and return the new ones; only digests are stored (not saved)."""
        codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
        self.recovery_digests = [tokens.digest(code).hex() for code in codes]
        return codes

    def is_locked(self, now: datetime | None = None) -> bool:
        """Return whether codes are refused at present, after too many wrong ones."""
        return self.locked_until is not None and self.locked_until > (now or timezone.now())

    def accept(self, code: str, now: datetime | None = None) -> bool:
        """Check a code, use it up if right, and count it if wrong (not saved). Always False while locked."""
        now = now or timezone.now()
        if self.is_locked(now):
            return False
        code = "".join(code.split()).lower()
        if self._is_current(code, now) or self._is_recovery(code):
            self.failures, self.locked_until = 0, None
            return True
        self.failures += 1
        if self.failures >= FREE_FAILURES:
            # The exponent is bounded, because timedelta overflows.
            pause = timedelta(seconds=STEP_SECONDS * 2 ** min(self.failures - FREE_FAILURES, 12))
            self.locked_until = now + min(pause, LONGEST_PAUSE)
        return False

    def _is_current(self, code: str, now: datetime) -> bool:
        try:
            totp = pyotp.TOTP(self.read_secret())
        except CredentialsUnreadable as problem:
            logger.error("The second factor of %s cannot be decrypted: %s.", self.user_id, problem)
            return False  # a recovery code still works
        present = int(now.timestamp()) // STEP_SECONDS
        # RFC 6238, section 5.2: one step either way for clocks that differ, and no code twice.
        # Compared as bytes: compare_digest rejects non-ASCII text.
        for step in (present - 1, present, present + 1):
            if step > self.last_step and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
                self.last_step = step
                return True
        return False

    def _is_recovery(self, code: str) -> bool:
        digest = tokens.digest(code).hex()
        if digest not in self.recovery_digests:
            return False
        self.recovery_digests = [each for each in self.recovery_digests if each != digest]
        return True
