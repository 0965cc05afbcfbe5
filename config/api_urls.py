"""Paths of both APIs, of their description, and a JSON 404 for whatever else stands under their prefixes."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerView

from accounts.rest.viewsets import unknown_address
from accounts.routing import page
from config.api import PREFIX, agent_api
from config.openapi import openapi

PREFIXES = "integrated-account|api-token|call|documentation|integration|integration-schema|api"

urlpatterns = [
    path("", include("accounts.rest.urls")),
    path("", include("tools.rest.urls")),
    path("", include("mcpservers.rest.urls")),
    path(f"{PREFIX}/", agent_api.urls),
    *page("openapi.json", openapi, "openapi"),
    *page("api/docs", SpectacularSwaggerView.as_view(url_name="openapi"), "api-docs"),
    re_path(rf"^(?:{PREFIXES})(?:/.*)?$", unknown_address, name="unknown-api-address"),
]
