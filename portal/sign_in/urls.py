"""URL patterns of what people allow clients."""

from accounts.web.routing import page
from portal.sign_in import connections, views

urlpatterns = [
    *page("oauth/authorize", views.authorize, "oauth-authorize"),
    *page("accounts/<uuid:account_id>/connections", connections.of_account, "account-connections"),
    *page("profile/connections", connections.own, "profile-connections"),
    *page("profile/connections/<uuid:connection_id>/end", connections.end, "profile-connection-end"),
]
