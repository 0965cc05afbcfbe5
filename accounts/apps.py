"""Django's configuration of this app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, environments and the integrations they connect to."""

    name = "accounts"
    verbose_name = "Accounts"
