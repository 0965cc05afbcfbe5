"""Identities of people at identity providers."""

from django.db import models

from accounts.models.people import User


class Identity(models.Model):
    """A person at an identity provider. Issuer and subject are the key, which the provider never gives to another."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    email = models.EmailField(blank=True, help_text="The verified address at the last sign-in; it identifies nobody.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["issuer", "pk"]
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_an_identity"),
            models.UniqueConstraint(fields=["issuer", "user"], name="one_identity_an_issuer"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"
