"""Paths of the account list, an account's overview, its MCP servers and its tools."""

from accounts.routing import page
from portal import search
from portal.accounts import overview as accounts
from portal.activity import views as activity
from portal.api_reference import api_reference
from portal.servers import changes
from portal.servers import views as servers
from portal.tools import playground
from portal.tools import views as tools

ACCOUNT = "accounts/<uuid:account_id>"
SERVERS = f"{ACCOUNT}/mcp-servers"
SERVER = f"{SERVERS}/<uuid:server_id>"

urlpatterns = [
    *page("api/docs", api_reference, "api-docs"),
    *page("search", search.search, "search"),
    *page("activity", activity.activity, "activity"),
    *page("activity/export", activity.export, "activity-export"),
    *page("activity/stream", activity.stream_elsewhere, "activity-stream"),
    *page("activity/calls/<int:call_id>", activity.show_call, "call"),
    *page(f"{ACCOUNT}/activity", activity.activity, "account-activity"),
    *page(f"{ACCOUNT}/activity/export", activity.export, "account-activity-export"),
    *page("accounts", accounts.list_accounts, "accounts"),
    *page(ACCOUNT, accounts.overview, "account"),
    *page(f"{ACCOUNT}/disconnect", accounts.disconnect, "account-disconnect"),
    *page(f"{ACCOUNT}/tools", tools.list_tools, "account-tools"),
    *page(f"{ACCOUNT}/tools/<slug:resource>/<slug:method>", tools.show_tool, "account-tool"),
    *page(f"{ACCOUNT}/playground", playground.playground, "playground"),
    *page(SERVERS, servers.list_servers, "mcp-servers"),
    *page(f"{SERVERS}/create", servers.create, "mcp-server-create"),
    *page(f"{SERVERS}/preview", servers.preview, "mcp-server-preview"),
    *page(SERVER, servers.show_server, "mcp-server"),
    *page(f"{SERVER}/edit", servers.edit, "mcp-server-edit"),
    *page(f"{SERVER}/connection", servers.connection, "mcp-server-connection"),
    *page(f"{SERVER}/test", servers.test, "mcp-server-test"),
    *page(f"{SERVER}/drop-previous", changes.drop_previous, "mcp-server-drop-previous"),
    *page(f"{SERVER}/pause", changes.pause, "mcp-server-pause"),
    *page(f"{SERVER}/resume", changes.resume, "mcp-server-resume"),
    *page(f"{SERVER}/rotate", changes.rotate, "mcp-server-rotate"),
    *page(f"{SERVER}/delete", changes.delete, "mcp-server-delete"),
]
