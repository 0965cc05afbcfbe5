"""URLs of the authorization server that programs use (OAuth 2.1), and of what they look up."""

from django.conf import settings
from django.urls import URLPattern

from accounts.web.routing import page
from api.sign_in import metadata, views
from mcpservers.sign_in.addresses import RESOURCE_METADATA

# RFC 8414, 3.1, and RFC 9728, 3.1 put the path of PUBLIC_URL behind the well-known one. A proxy that passes only that
# path on has removed it.
BELOW = ("", *([f"/{settings.PUBLIC_PATH.strip('/')}"] if settings.PUBLIC_PATH else []))
ISSUERS = (".well-known/oauth-authorization-server", ".well-known/openid-configuration")


def well_known(below: str) -> list[URLPattern]:
    """Return where clients look for metadata, with a path between the well-known one and Patchbay's own."""
    issuers = [page(f"{place}{below}/oauth", metadata.authorization_server, "") for place in ISSUERS]
    resource = f"{RESOURCE_METADATA}{below}/mcp/s/<uuid:server_id>"
    return [*issuers[0], *issuers[1], *page(resource, metadata.protected_resource, "")]


urlpatterns = [
    *page("oauth/token", views.token, "oauth-token"),
    *page("oauth/revoke", views.revoke, "oauth-revoke"),
    *page("oauth/register", views.register, "oauth-register"),
    *page("oauth/.well-known/openid-configuration", metadata.authorization_server, "oauth-metadata-below"),
    *(pattern for below in BELOW for pattern in well_known(below)),
]
