"""Every path of the web process but `/mcp/` and monitoring, which are answered before Django (see config/asgi.py)."""

from django.contrib import admin
from django.urls import include, path

from accounts.pages import sign_in

urlpatterns = [
    # One door for everybody: the admin's own would not ask for a second factor.
    path("admin/login/", sign_in.admin_sign_in),
    path("admin/", admin.site.urls),
    path("", include("accounts.pages.urls")),
    path("", include("mcpservers.pages.urls")),
    path("", include("config.api_urls")),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.page_not_found"
handler500 = "config.views.server_error"
