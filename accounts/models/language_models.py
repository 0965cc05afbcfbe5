"""Language models behind addresses that people configure, each with its key, encrypted and bound to its row."""

import uuid

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.keyring import key_ring
from accounts.models.audit import AuditSubject

MOST_TOKENS, MOST_MINUTES = 100_000_000, 240


class ApiForm(models.TextChoices):
    """The form of a language model's HTTP API."""

    OPENAI = "openai", "OpenAI: Chat Completions"
    ANTHROPIC = "anthropic", "Anthropic: Messages"


class LanguageModel(models.Model):
    """A language model that answers evaluation questions, and the most that one evaluation may cost."""

    ApiForm = ApiForm

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True, help_text="What people here call it.")
    api = models.CharField(max_length=12, choices=ApiForm.choices, verbose_name="API")
    base_url = models.CharField(
        max_length=300,
        verbose_name="address",
        help_text="Up to the version, such as https://api.openai.com/v1; /chat/completions or /messages is appended.",
    )
    model = models.CharField(max_length=120, help_text="The model's name at that address.")
    key = models.TextField(blank=True, editable=False)
    token_limit = models.PositiveIntegerField(
        default=2_000_000,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_TOKENS)],
        help_text="Once it has used so many tokens, those that the model reads included, nothing more is asked.",
    )
    minute_limit = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text="After so many minutes nothing more is asked.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(None, self.pk, self.name)

    @property
    def _context(self) -> str:
        return f"language-model:{self.pk}"

    def clean(self) -> None:
        """Refuse an address with a slash at its end, which paths are appended to."""
        if self.base_url.endswith("/"):
            raise ValidationError({"base_url": "Leave out the slash at the end."})

    def set_key(self, key: str) -> None:
        """Encrypt a key into this row (not saved); an empty one means that the address wants none."""
        self.key = key_ring().encrypt(key, context=self._context) if key else ""

    def read_key(self) -> str:
        """Return the key, possibly empty; raise CredentialsUnreadable."""
        return key_ring().decrypt(self.key, context=self._context) if self.key else ""

    def encrypt_again(self) -> bool:
        """Re-encrypt the key under the primary key of the ring; return whether that was needed (not saved)."""
        if not self.key or key_ring().is_current(self.key):
            return False
        self.set_key(self.read_key())
        return True
