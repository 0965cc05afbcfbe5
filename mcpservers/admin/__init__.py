"""Django admin of MCP servers."""

from mcpservers.admin import servers

__all__ = ["servers"]
