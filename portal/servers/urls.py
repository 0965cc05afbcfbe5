"""The URL patterns of an account's MCP servers."""

from accounts.web.routing import page
from portal.servers import changes, views

SERVERS = "accounts/<uuid:account_id>/mcp-servers"
SERVER = f"{SERVERS}/<uuid:server_id>"

urlpatterns = [
    *page(SERVERS, views.list_servers, "mcp-servers"),
    *page(f"{SERVERS}/create", views.create, "mcp-server-create"),
    *page(f"{SERVERS}/preview", views.preview, "mcp-server-preview"),
    *page(SERVER, views.show_server, "mcp-server"),
    *page(f"{SERVER}/edit", views.edit, "mcp-server-edit"),
    *page(f"{SERVER}/connection", views.connection, "mcp-server-connection"),
    *page(f"{SERVER}/test", views.test, "mcp-server-test"),
    *page(f"{SERVER}/drop-previous", changes.drop_previous, "mcp-server-drop-previous"),
    *page(f"{SERVER}/pause", changes.pause, "mcp-server-pause"),
    *page(f"{SERVER}/resume", changes.resume, "mcp-server-resume"),
    *page(f"{SERVER}/rotate", changes.rotate, "mcp-server-rotate"),
    *page(f"{SERVER}/delete", changes.delete, "mcp-server-delete"),
]
