"""Django's configuration of this app."""

from django.apps import AppConfig
from django.core import checks

from config.checks import check_proxies


class ConfigConfig(AppConfig):
    """Settings and URLs, and the deployment checks."""

    name = "config"

    def ready(self) -> None:
        checks.register(check_proxies, deploy=True)
