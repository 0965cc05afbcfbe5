"""Django's configuration of this app."""

from django.apps import AppConfig

from accounts.keyring import key_ring


class AccountsConfig(AppConfig):
    """Accounts, environments and the integrations they connect to."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Refuse to start with unusable credential keys, instead of failing at the first account."""
        key_ring()
