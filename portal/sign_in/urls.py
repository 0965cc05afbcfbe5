"""URL patterns of what people allow clients."""

from accounts.web.routing import page
from portal.sign_in import views

urlpatterns = [
    *page("oauth/authorize", views.authorize, "oauth-authorize"),
]
