"""Show a server's URL at the only moment it is known: only a digest of its token is stored."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from mcpservers.models import MCPServer
from mcpservers.search.exposure import exposed_by
from mcpservers.sign_in.addresses import address_of
from portal.people.qr_codes import qr_code
from portal.requests import PortalRequest
from portal.servers.clients import commands_for, is_public


def show_once(request: PortalRequest, server: MCPServer, token: str, *, rotated: bool = False) -> HttpResponse:
    """Return the page with a new token's URL, or the address of a server with sign-in, and the steps of each client."""
    url = f"{settings.PUBLIC_URL}/mcp/{token}" if token else address_of(server.pk)
    context = {
        "account": server.account,
        "tab": "mcp-servers",
        "server": server,
        **given_to_clients(server, url),
        "rotated": rotated,
        "qr_code": qr_code(url),
        "exposure": exposed_by(server),
    }
    return render(request, "mcpservers/shown_once.html", context)


def given_to_clients(server: MCPServer, url: str) -> dict[str, object]:
    """Return the context of the steps with which clients get a URL."""
    return {
        "url": url,
        "is_public": is_public(url),
        "public_url": settings.PUBLIC_URL,
        "commands": commands_for(url, server.name, with_api_token=server.require_api_token_auth),
    }
