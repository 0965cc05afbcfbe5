"""Paths of both APIs, of their description, and a JSON 404 for whatever else stands under their prefixes."""

from django.urls import include, path, re_path

from accounts.rest.viewsets import unknown_address
from accounts.routing import page
from config.api import PREFIX, agent_api
from config.api_reference import api_reference
from config.openapi import openapi

PREFIXES = "integrated-account|api-token|call|documentation|integration|integration-schema|api"

urlpatterns = [
    path("", include("accounts.rest.urls")),
    path("", include("tools.rest.urls")),
    path("", include("mcpservers.rest.urls")),
    path(f"{PREFIX}/", agent_api.urls),
    *page("openapi.json", openapi, "openapi"),
    *page("api/docs", api_reference, "api-docs"),
    re_path(rf"^(?:{PREFIXES})(?:/.*)?$", unknown_address, name="unknown-api-address"),
]
