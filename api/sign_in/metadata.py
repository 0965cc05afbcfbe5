"""Metadata of the authorization server (RFC 8414), and of each server that asks for sign-in (RFC 9728)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from api.problems import Problem
from api.sign_in.origins import for_any_origin
from mcpservers.models import MCPServer
from mcpservers.sign_in.addresses import address_of, issuer
from mcpservers.sign_in.scopes import ALL, FIRST

AUTHENTICATION = ["none", "client_secret_post", "client_secret_basic"]
NO_SIGN_IN = "No MCP server that people sign in to is at this address."


@csrf_exempt
@for_any_origin("GET", "HEAD")
def authorization_server(request: HttpRequest) -> HttpResponse:
    """Return the authorization server's metadata (RFC 8414, 2)."""
    return JsonResponse(
        {
            "issuer": issuer(),
            "authorization_endpoint": f"{issuer()}/authorize",
            "token_endpoint": f"{issuer()}/token",
            "registration_endpoint": f"{issuer()}/register",
            "revocation_endpoint": f"{issuer()}/revoke",
            "scopes_supported": list(ALL),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": AUTHENTICATION,
            "revocation_endpoint_auth_methods_supported": AUTHENTICATION,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
        }
    )


@csrf_exempt
@for_any_origin("GET", "HEAD")
def protected_resource(request: HttpRequest, server_id: UUID) -> HttpResponse:
    """Return a server's metadata (RFC 9728, 2); 404 for one that has ended, or that people do not sign in to."""
    if not MCPServer.objects.live().filter(pk=server_id, sign_in=True).exists():
        return Problem(404, NO_SIGN_IN).response()
    return JsonResponse(
        {
            "resource": address_of(server_id),
            "authorization_servers": [issuer()],
            "scopes_supported": list(FIRST),
            "bearer_methods_supported": ["header"],
        }
    )
