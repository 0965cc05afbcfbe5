"""URLs of the web process, except `/mcp/` and monitoring, which are answered before Django (see config/asgi.py)."""

from typing import Any, cast

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.admin.pages import answering_odd_values
from portal.people import sign_in

# Here, since worker and beat have no pages.
admin.autodiscover()

urlpatterns = [
    # The portal's sign-in: the admin's own does not ask for a second factor.
    path("admin/login/", sign_in.admin_sign_in),
    # Likewise, the admin's own password page has no limits on guessing and no password confirmation.
    path("admin/password_change/", RedirectView.as_view(pattern_name="profile")),
    path("admin/password_change/done/", RedirectView.as_view(pattern_name="profile")),
    path("admin/search/", answering_odd_values(admin.site.admin_view(cast(Any, admin.site).search))),
    path("admin/", admin.site.urls),
    path("", include("portal.urls")),
    path("", include("api.urls")),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.page_not_found"
handler500 = "config.views.server_error"
