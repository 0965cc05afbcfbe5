"""The URL patterns of an account's tools and its playground."""

from accounts.web.routing import page
from portal.tools import playground, views

ACCOUNT = "accounts/<uuid:account_id>"

urlpatterns = [
    *page(f"{ACCOUNT}/tools", views.list_tools, "account-tools"),
    *page(f"{ACCOUNT}/tools/<slug:resource>/<slug:method>", views.show_tool, "account-tool"),
    *page(f"{ACCOUNT}/playground", playground.playground, "playground"),
]
