"""The portal's app configuration. It has no models; Django needs it for the template tags."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal of support admins."""

    name = "portal"
