"""URL patterns of the account list, connecting, overview and settings."""

from functools import partial

from accounts.web.routing import page
from portal.accounts import consent_views, overview, views
from portal.accounts.consent import CALLBACK

ACCOUNT = "accounts/<uuid:account_id>"

urlpatterns = [
    *page("accounts", overview.list_accounts, "accounts"),
    *page(ACCOUNT, overview.show_account, "account"),
    *page(f"{ACCOUNT}/disconnect", overview.disconnect, "account-disconnect"),
    *page("environment", views.choose_environment, "choose-environment"),
    *page("accounts/connect", views.choose_integration, "choose-integration"),
    *page("accounts/connect/<slug:integration_name>", views.connect, "connect"),
    *page(CALLBACK.removeprefix("/"), consent_views.callback, "oauth-callback"),
    *page("accounts/oauth/consent/<slug:key>", consent_views.show_consent, "oauth-consent"),
    *page(f"{ACCOUNT}/consent", consent_views.consent_again, "account-consent"),
    *page(f"{ACCOUNT}/settings", views.settings, "account-settings"),
    *page(f"{ACCOUNT}/rename", views.rename, "account-rename"),
    *page(f"{ACCOUNT}/time-zone", views.change_time_zone, "account-time-zone"),
    *page(f"{ACCOUNT}/reconnect", views.reconnect, "account-reconnect"),
    *page(f"{ACCOUNT}/check", views.check, "account-check"),
    *page(f"{ACCOUNT}/enable", partial(views.enable, enabled=True), "account-enable"),
    *page(f"{ACCOUNT}/disable", partial(views.enable, enabled=False), "account-disable"),
]
