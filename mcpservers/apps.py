"""Django's entry for this app."""

from django.apps import AppConfig


class McpServersConfig(AppConfig):
    """The app of MCP servers and their protocol."""

    name = "mcpservers"
    verbose_name = "MCP servers"
