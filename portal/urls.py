"""The portal's URL patterns."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from accounts.web.routing import page
from portal import search
from portal.api_reference import api_reference

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="accounts"), name="home"),
    *page("search", search.search, "search"),
    *page("api/docs", api_reference, "api-docs"),
    path("", include("portal.people.urls")),
    path("", include("portal.accounts.urls")),
    path("", include("portal.servers.urls")),
    path("", include("portal.sign_in.urls")),
    path("", include("portal.tools.urls")),
    path("", include("portal.activity.urls")),
]
