"""Paths of signing in, choosing an environment, connecting an account and its settings."""

from functools import partial

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.generic import RedirectView

from accounts import views
from accounts.forms import SignInForm
from accounts.routing import page

sign_in = LoginView.as_view(
    template_name="sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts"), name="home"),
    *page("sign-in", sign_in, "sign-in"),
    *page("sign-out", LogoutView.as_view(), "sign-out"),
    *page("environment", views.choose_environment, "choose-environment"),
    *page("accounts/connect", views.choose_integration, "choose-integration"),
    *page("accounts/connect/<slug:integration_name>", views.connect, "connect"),
    *page("accounts/<uuid:account_id>/settings", views.settings, "account-settings"),
    *page("accounts/<uuid:account_id>/rename", views.rename, "account-rename"),
    *page("accounts/<uuid:account_id>/reconnect", views.reconnect, "account-reconnect"),
    *page("accounts/<uuid:account_id>/check", views.check, "account-check"),
    *page("accounts/<uuid:account_id>/enable", partial(views.enable, enabled=True), "account-enable"),
    *page("accounts/<uuid:account_id>/disable", partial(views.enable, enabled=False), "account-disable"),
]
