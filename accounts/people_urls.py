"""Paths of the pages about people: profile, members, API tokens, the audit record."""

from accounts.pages import audit, members, profile, sign_in, tokens
from accounts.routing import page

urlpatterns = [
    *page("welcome/<slug:key>/<str:token>", sign_in.welcome, "welcome"),
    *page("api-tokens", tokens.list_tokens, "api-tokens"),
    *page("api-tokens/issue", tokens.issue, "api-token-issue"),
    *page("api-tokens/<uuid:token_id>/revoke", tokens.revoke, "api-token-revoke"),
    *page("people", members.list_people, "people"),
    *page("people/add", members.add, "people-add"),
    *page("people/<int:membership_id>/role", members.change, "people-role"),
    *page("people/<int:membership_id>/remove", members.remove, "people-remove"),
    *page("people/<int:membership_id>/invite", members.invite_again, "people-invite"),
    *page("audit", audit.show, "audit"),
    *page("profile", profile.show, "profile"),
    *page("profile/details", profile.details, "profile-details"),
    *page("profile/password", profile.password, "profile-password"),
    *page("profile/second-factor", profile.set_up_factor, "profile-second-factor"),
    *page("profile/recovery-codes", profile.recovery_codes, "profile-recovery-codes"),
    *page("profile/drop-second-factor", profile.drop_factor, "profile-drop-second-factor"),
]
