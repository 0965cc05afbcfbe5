"""Paths of signing in, choosing an environment, connecting an account and its settings."""

from functools import partial

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from accounts import views
from accounts.oauth import views as oauth_views
from accounts.oauth.consent import CALLBACK
from accounts.pages.sign_in import SignIn, SignInCode
from accounts.routing import page

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts"), name="home"),
    *page("sign-in", SignIn.as_view(), "sign-in"),
    *page("sign-in/code", SignInCode.as_view(), "sign-in-code"),
    *page("sign-out", LogoutView.as_view(), "sign-out"),
    *page("environment", views.choose_environment, "choose-environment"),
    *page("accounts/connect", views.choose_integration, "choose-integration"),
    *page("accounts/connect/<slug:integration_name>", views.connect, "connect"),
    *page(CALLBACK.removeprefix("/"), oauth_views.callback, "oauth-callback"),
    *page("accounts/oauth/consent/<slug:key>", oauth_views.show_consent, "oauth-consent"),
    *page("accounts/<uuid:account_id>/consent", oauth_views.consent_again, "account-consent"),
    *page("accounts/<uuid:account_id>/settings", views.settings, "account-settings"),
    *page("accounts/<uuid:account_id>/rename", views.rename, "account-rename"),
    *page("accounts/<uuid:account_id>/reconnect", views.reconnect, "account-reconnect"),
    *page("accounts/<uuid:account_id>/check", views.check, "account-check"),
    *page("accounts/<uuid:account_id>/enable", partial(views.enable, enabled=True), "account-enable"),
    *page("accounts/<uuid:account_id>/disable", partial(views.enable, enabled=False), "account-disable"),
]
