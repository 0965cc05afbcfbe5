"""Checks before a deployment: `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning


def check_proxies(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Tell of a proxy that is not named: every client then has its address, and no request is secure."""
    if not settings.PUBLIC_URL.startswith("https://"):
        return []
    if not settings.FORWARDED_ALLOW_IPS:
        return [
            Warning(
                "PUBLIC_URL is https, and no proxy is believed that ends TLS.",
                hint="Set FORWARDED_ALLOW_IPS to the address or network of the reverse proxy. Without it all clients "
                "share the proxy's address in the limits of signing in, and HTTP is redirected for ever.",
                id="patchbay.W001",
            )
        ]
    if settings.FORWARDED_ALLOW_IPS == ["*"]:
        return [
            Warning(
                "FORWARDED_ALLOW_IPS is *: whoever can connect may say where they come from.",
                hint="Name the addresses or networks of the reverse proxies instead.",
                id="patchbay.W002",
            )
        ]
    return []
