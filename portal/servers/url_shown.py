"""Show a server's URL at the only moment it is known: only a digest of its token is stored."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from mcpservers.models import MCPServer
from mcpservers.search.exposure import exposed_by
from portal.people.qr_codes import qr_code
from portal.requests import PortalRequest
from portal.servers.clients import commands_for, is_public


def show_once(request: PortalRequest, server: MCPServer, token: str, *, rotated: bool = False) -> HttpResponse:
    """Return the page with a new token's URL and the instructions for each client."""
    url = f"{settings.PUBLIC_URL}/mcp/{token}"
    context = {
        "account": server.account,
        "tab": "mcp-servers",
        "server": server,
        "url": url,
        "is_public": is_public(url),
        "public_url": settings.PUBLIC_URL,
        "commands": commands_for(url, server.name, with_api_token=server.require_api_token_auth),
        "rotated": rotated,
        "qr_code": qr_code(url),
        "exposure": exposed_by(server),
    }
    return render(request, "mcpservers/shown_once.html", context)
