"""Django's view of this app, which has no models: it is installed for its template tags."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The pages that support admins work with."""

    name = "portal"
