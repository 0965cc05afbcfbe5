"""Django's entry for this app."""

from django.apps import AppConfig


class McpServersConfig(AppConfig):
    """MCP servers."""

    name = "mcpservers"
    verbose_name = "MCP servers"
