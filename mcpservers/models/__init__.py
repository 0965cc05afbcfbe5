"""The models of this app: servers, and what people let clients do at them."""

from mcpservers.models.servers import MCPServer, MCPServerQuerySet
from mcpservers.models.sign_in import AccessToken, AuthorizationCode, PersonConnection, RefreshToken, RegisteredClient

__all__ = [
    "AccessToken",
    "AuthorizationCode",
    "MCPServer",
    "MCPServerQuerySet",
    "PersonConnection",
    "RefreshToken",
    "RegisteredClient",
]
