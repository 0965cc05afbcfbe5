"""Paths of signing in, of people, tokens and the audit record, of connecting an account and its settings."""

from functools import partial

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from accounts.routing import page
from portal.accounts import consent_views as oauth_views
from portal.accounts import views as accounts
from portal.accounts.consent import CALLBACK
from portal.people import audit, invitations, members, profile, sign_in, tokens

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts"), name="home"),
    *page("sign-in", sign_in.SignIn.as_view(), "sign-in"),
    *page("sign-in/code", sign_in.SignInCode.as_view(), "sign-in-code"),
    *page("sign-out", LogoutView.as_view(), "sign-out"),
    *page("environment", accounts.choose_environment, "choose-environment"),
    *page("accounts/connect", accounts.choose_integration, "choose-integration"),
    *page("accounts/connect/<slug:integration_name>", accounts.connect, "connect"),
    *page(CALLBACK.removeprefix("/"), oauth_views.callback, "oauth-callback"),
    *page("accounts/oauth/consent/<slug:key>", oauth_views.show_consent, "oauth-consent"),
    *page("accounts/<uuid:account_id>/consent", oauth_views.consent_again, "account-consent"),
    *page("accounts/<uuid:account_id>/settings", accounts.settings, "account-settings"),
    *page("accounts/<uuid:account_id>/rename", accounts.rename, "account-rename"),
    *page("accounts/<uuid:account_id>/reconnect", accounts.reconnect, "account-reconnect"),
    *page("accounts/<uuid:account_id>/check", accounts.check, "account-check"),
    *page("accounts/<uuid:account_id>/enable", partial(accounts.enable, enabled=True), "account-enable"),
    *page("accounts/<uuid:account_id>/disable", partial(accounts.enable, enabled=False), "account-disable"),
    *page("invitations/<str:token>", invitations.show, "invitation"),
    *page("invitations/<str:token>/accept", invitations.accept, "invitation-accept"),
    *page("invitations/<str:token>/decline", invitations.refuse, "invitation-decline"),
    *page("invitations/<str:token>/join", invitations.join, "invitation-join"),
    *page("api-tokens", tokens.list_tokens, "api-tokens"),
    *page("api-tokens/longest-life", tokens.longest_life, "api-token-longest-life"),
    *page("api-tokens/issue", tokens.issue, "api-token-issue"),
    *page("api-tokens/<uuid:token_id>/revoke", tokens.revoke, "api-token-revoke"),
    *page("people", members.list_people, "people"),
    *page("people/invite", members.invite_somebody, "people-invite"),
    *page("people/invited/<uuid:invitation_id>/renew", members.invite_anew, "people-invite-anew"),
    *page("people/invited/<uuid:invitation_id>/withdraw", members.withdraw_invitation, "people-withdraw"),
    *page("people/<int:membership_id>/role", members.change, "people-role"),
    *page("people/<int:membership_id>/remove", members.remove, "people-remove"),
    *page("people/put-back/<int:user_id>", members.put_back, "people-put-back"),
    *page("audit", audit.show, "audit"),
    *page("profile", profile.show, "profile"),
    *page("profile/details", profile.details, "profile-details"),
    *page("profile/password", profile.password, "profile-password"),
    *page("profile/sessions/<uuid:session_id>/end", profile.sign_out_session, "session-end"),
    *page("profile/sessions/end-all", profile.sign_out_everywhere, "sign-out-everywhere"),
    *page("profile/second-factor", profile.set_up_factor, "profile-second-factor"),
    *page("profile/recovery-codes", profile.recovery_codes, "profile-recovery-codes"),
    *page("profile/drop-second-factor", profile.drop_factor, "profile-drop-second-factor"),
]
