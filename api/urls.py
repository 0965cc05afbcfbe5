"""URLs of both APIs and of their description, and a JSON 404 for other paths under their prefixes."""

from django.urls import include, path, re_path

from accounts.web.routing import page
from api.accounts.viewsets import unknown_address
from api.addresses import DESCRIPTION, PREFIXES
from api.agent_api import PREFIX, agent_api
from api.openapi import openapi

urlpatterns = [
    path("", include("api.accounts.urls")),
    path("", include("api.tools.urls")),
    path("", include("api.servers.urls")),
    path("", include("api.sign_in.urls")),
    path(f"{PREFIX}/", agent_api.urls),
    *page(DESCRIPTION, openapi, "openapi"),
    re_path(rf"^(?:{'|'.join(PREFIXES)})(?:/.*)?$", unknown_address, name="unknown-api-address"),
]
