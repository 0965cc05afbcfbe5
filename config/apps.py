"""Django's entry for the assembly."""

from django.apps import AppConfig
from django.core import checks

from config.checks import check_proxies


class ConfigConfig(AppConfig):
    """Settings and URLs, with the checks before a deployment."""

    name = "config"

    def ready(self) -> None:
        """Have the checks run."""
        checks.register(check_proxies, deploy=True)
