"""Django admin of MCP servers, and of the clients that people allow something."""

from mcpservers.admin import clients, servers

__all__ = ["clients", "servers"]
