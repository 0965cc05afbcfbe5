"""Django's entry for this app."""

from django.apps import AppConfig

from accounts.keyring import key_ring


class AccountsConfig(AppConfig):
    """Accounts, environments and the integrations they connect to."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Refuse to start with credential keys that cannot be used, rather than fail on the first account."""
        key_ring()
