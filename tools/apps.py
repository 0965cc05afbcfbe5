"""Django's entry for this app."""

from django.apps import AppConfig


class ToolsConfig(AppConfig):
    """Tools and the record of calls."""

    name = "tools"
    verbose_name = "Tools"
