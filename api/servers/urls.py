"""URLs of MCP servers in the management API."""

from accounts.web.routing import page
from api.servers.viewsets import ServerViewSet

SERVERS = "integrated-account/<uuid:account_id>/mcp"
SERVER = f"{SERVERS}/<uuid:server_id>"

urlpatterns = [
    *page(SERVERS, ServerViewSet.as_view({"get": "list", "post": "create"}), "api-mcp-servers"),
    *page(
        SERVER,
        ServerViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "api-mcp-server",
    ),
    *page(f"{SERVER}/rotate", ServerViewSet.as_view({"post": "rotate"}), "api-mcp-server-rotate"),
    *page(f"{SERVER}/pause", ServerViewSet.as_view({"post": "pause"}), "api-mcp-server-pause"),
    *page(f"{SERVER}/resume", ServerViewSet.as_view({"post": "resume"}), "api-mcp-server-resume"),
]
