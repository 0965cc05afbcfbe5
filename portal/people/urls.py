"""URL patterns of sign-in, people, API tokens and the audit log."""

from django.contrib.auth.views import LogoutView

from accounts.web.routing import page
from portal.people import audit, invitations, members, password_resets, profile, sign_in, single_sign_on, tokens, usage

urlpatterns = [
    *page("sign-in", sign_in.SignIn.as_view(), "sign-in"),
    *page("sign-in/code", sign_in.SignInCode.as_view(), "sign-in-code"),
    *page("sign-in/with/<slug:name>", single_sign_on.begin, "sign-on"),
    *page("sign-in/with/<slug:name>/answer", single_sign_on.answer, "sign-on-answer"),
    *page("sign-in/forgotten", password_resets.ask, "sign-in-forgotten"),
    *page("sign-in/new-password/<str:token>", password_resets.choose, "sign-in-new-password"),
    *page("sign-out", LogoutView.as_view(), "sign-out"),
    *page("invitations/<str:token>", invitations.show, "invitation"),
    *page("invitations/<str:token>/accept", invitations.accept, "invitation-accept"),
    *page("invitations/<str:token>/decline", invitations.refuse, "invitation-decline"),
    *page("invitations/<str:token>/join", invitations.join, "invitation-join"),
    *page("api-tokens", tokens.list_tokens, "api-tokens"),
    *page("api-tokens/longest-life", tokens.longest_life, "api-token-longest-life"),
    *page("api-tokens/issue", tokens.issue, "api-token-issue"),
    *page("api-tokens/<uuid:token_id>/revoke", tokens.revoke, "api-token-revoke"),
    *page("people", members.list_people, "people"),
    *page("people/usage", usage.show, "people-usage"),
    *page("people/invite", members.invite_somebody, "people-invite"),
    *page("people/invited/<uuid:invitation_id>/renew", members.invite_anew, "people-invite-anew"),
    *page("people/invited/<uuid:invitation_id>/withdraw", members.withdraw_invitation, "people-withdraw"),
    *page("people/<int:membership_id>/role", members.change, "people-role"),
    *page("people/<int:membership_id>/remove", members.remove, "people-remove"),
    *page("people/second-factor", members.second_factor, "people-second-factor"),
    *page("people/put-back/<int:user_id>", members.put_back, "people-put-back"),
    *page("audit", audit.show, "audit"),
    *page("profile", profile.show, "profile"),
    *page("profile/details", profile.details, "profile-details"),
    *page("profile/password", profile.password, "profile-password"),
    *page("profile/sessions/<uuid:session_id>/end", profile.sign_out_session, "session-end"),
    *page("profile/identities/<slug:name>/connect", single_sign_on.begin_connecting, "profile-identity-connect"),
    *page("profile/identities/<int:identity_id>/end", single_sign_on.end_connection, "profile-identity-end"),
    *page("profile/sessions/end-all", profile.sign_out_everywhere, "sign-out-everywhere"),
    *page("profile/second-factor", profile.set_up_factor, "profile-second-factor"),
    *page("profile/recovery-codes", profile.recovery_codes, "profile-recovery-codes"),
    *page("profile/drop-second-factor", profile.drop_factor, "profile-drop-second-factor"),
]
