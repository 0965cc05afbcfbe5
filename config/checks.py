"""Deployment checks: `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning


def check_proxies(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Warn of an unnamed proxy, whose address all clients would share, and of trusting every peer as a proxy."""
    if not settings.PUBLIC_URL.startswith("https://"):
        return []
    if not settings.FORWARDED_ALLOW_IPS:
        return [
            Warning(
                "PUBLIC_URL is https, but no proxy that terminates TLS is trusted.",
                hint="Set FORWARDED_ALLOW_IPS to the address or network of the reverse proxy. Without it all clients "
                "share the proxy's address in the sign-in limits, and requests are redirected to HTTPS for ever.",
                id="patchbay.W001",
            )
        ]
    if settings.FORWARDED_ALLOW_IPS == ["*"]:
        return [
            Warning(
                "FORWARDED_ALLOW_IPS is *: anybody who can connect may forge their address.",
                hint="Name the addresses or networks of the reverse proxies instead.",
                id="patchbay.W002",
            )
        ]
    return []
