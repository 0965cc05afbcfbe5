"""Admin pages of people, environments, API tokens and accounts."""

import pytest
from django.test import Client

from accounts.changes import ChangeKind
from accounts.integrated_accounts.lifecycle import set_enabled
from accounts.models import ApiToken, AuditEntry, Environment, IntegratedAccount, Membership, Role, User
from mcpservers.models import MCPServer
from tests.admin_site import act, browser, listing, page, staff, superuser
from tests.hearing import hearing
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    return browser(superuser())


@pytest.fixture
def token(environment: Environment) -> ApiToken:
    return ApiToken.objects.issue(environment=environment, name="automation", role=Role.ADMIN, owner=None)[0]


def last_action() -> str:
    return AuditEntry.objects.latest("pk").action


@pytest.mark.django_db(transaction=True)
def test_revoking_a_token_refuses_it_at_once_and_leaves_a_trace(root: Client, token: ApiToken) -> None:
    with hearing() as heard:
        said = act(root, "revoke", token)
    token.refresh_from_db()
    assert not token.is_live()
    assert "1 API tokens revoked" in said
    assert (last_action(), AuditEntry.objects.latest("pk").actor) == ("api_token.revoked", "root")
    assert [(change.kind, change.id) for change in heard] == [(ChangeKind.TOKEN, token.pk)]


def test_a_revoked_token_is_not_revoked_again(root: Client, token: ApiToken) -> None:
    act(root, "revoke", token)
    first = ApiToken.objects.get().revoked_at
    act(root, "revoke", token)
    assert ApiToken.objects.get().revoked_at == first


def test_tokens_can_neither_be_added_nor_changed_here(root: Client, token: ApiToken) -> None:
    assert root.get("/admin/accounts/apitoken/add/").status_code == 403
    assert root.post(page(token), {"name": "other", "role": "viewer"}).status_code == 403


def test_who_may_only_see_tokens_cannot_revoke_them(token: ApiToken) -> None:
    act(browser(staff("accounts.view_apitoken")), "revoke", token)
    token.refresh_from_db()
    assert token.is_live()


def test_a_token_is_recognised_by_its_last_four_characters(root: Client, token: ApiToken) -> None:
    assert f"…{token.last_four}" in root.get(listing(ApiToken)).content.decode()
    assert token.name in root.get(listing(ApiToken, q=token.last_four)).content.decode()


def test_accounts_are_disabled_and_enabled_with_traces(root: Client, account: IntegratedAccount) -> None:
    act(root, "disable", account)
    account.refresh_from_db()
    assert (account.status, last_action()) == ("disabled", "integrated_account.disabled")
    act(root, "enable", account)
    account.refresh_from_db()
    assert (account.status, last_action()) == ("active", "integrated_account.enabled")


def test_a_connection_test_says_what_the_vendor_answered(root: Client, account: IntegratedAccount) -> None:
    said = act(root, "test_connection", account)
    account.refresh_from_db()
    assert "Acme FuseDesk: the connection works." in said
    assert account.checked_at is not None


def test_a_refused_connection_is_told_and_the_account_is_to_be_connected_again(
    root: Client, account: IntegratedAccount
) -> None:
    account.set_credentials({"api_key": "wrong"})
    account.save()
    said = act(root, "test_connection", account)
    account.refresh_from_db()
    assert "refused the connection" in said
    assert account.status == "needs_reauth"


def test_a_test_does_not_switch_a_disabled_account_on(root: Client, account: IntegratedAccount) -> None:
    set_enabled(account, "tests", enabled=False)
    said = act(root, "test_connection", account)
    account.refresh_from_db()
    assert "enable it first" in said
    assert account.status == "disabled"


def test_too_many_accounts_are_not_tested_at_once(root: Client, account: IntegratedAccount) -> None:
    rows = [account]
    for number in range(5):
        row = IntegratedAccount(environment=account.environment, integration=account.integration, name=f"No. {number}")
        row.save()
        rows.append(row)
    assert "Choose at most 5 accounts" in act(root, "test_connection", *rows)
    assert not IntegratedAccount.objects.exclude(checked_at=None).exists()


def test_only_the_name_and_the_time_zone_of_an_account_change_here(root: Client, account: IntegratedAccount) -> None:
    sealed = account.credentials
    root.post(page(account), {"name": "Renamed", "base_url": "https://evil.example", "credentials": "x"})
    account.refresh_from_db()
    assert (account.name, account.credentials, last_action()) == ("Renamed", sealed, "integrated_account.changed")
    assert "evil" not in account.base_url
    root.post(page(account), {"name": "Renamed", "time_zone": "Asia/Tokyo"})
    assert "Did you mean Europe/Berlin?" in root.post(page(account), {"name": "Renamed", "time_zone": "Berlin"}).text
    account.refresh_from_db()
    assert account.time_zone == "Asia/Tokyo"


def test_deleting_an_account_takes_its_servers_along_and_leaves_a_trace(
    root: Client, account: IntegratedAccount, server: tuple[MCPServer, str]
) -> None:
    root.post(page(account, "delete"), {"post": "yes"})
    assert not MCPServer.objects.exists()
    assert last_action() == "integrated_account.disconnected"


def test_accounts_deleted_from_the_list_leave_traces_too(root: Client, account: IntegratedAccount) -> None:
    root.post(listing(account), {"action": "delete_selected", "_selected_action": [str(account.pk)], "post": "yes"})
    assert not IntegratedAccount.objects.exists()
    assert last_action() == "integrated_account.disconnected"


@pytest.mark.django_db(transaction=True)
def test_deleting_an_environment_refuses_its_accounts_and_tokens_at_once(
    root: Client, account: IntegratedAccount, token: ApiToken
) -> None:
    with hearing() as heard:
        root.post(page(account.environment, "delete"), {"post": "yes"})
    assert not Environment.objects.exists()
    for kind, row in ((ChangeKind.ACCOUNT, account), (ChangeKind.TOKEN, token)):
        assert any(change.kind is kind and change.may_be_of(row.pk) for change in heard)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.details) == ("environment.deleted", {"accounts": 1, "api_tokens": 1})


def members_form(membership: Membership, **more: str) -> dict[str, str]:
    return {
        "name": membership.environment.name,
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(membership.pk),
        "memberships-0-environment": str(membership.environment_id),
        "memberships-0-user": str(membership.user_id),
        "memberships-0-role": membership.role,
        **more,
    }


def test_superusers_change_and_remove_members_with_traces(root: Client, people: People) -> None:
    membership = Membership.objects.get(environment=people.elsewhere)
    root.post(page(people.elsewhere), members_form(membership, **{"memberships-0-role": "viewer"}))
    assert Membership.objects.get(pk=membership.pk).role == "viewer"
    root.post(page(people.elsewhere), members_form(membership, **{"memberships-0-DELETE": "on"}))
    actions = AuditEntry.objects.filter(action__startswith="membership.").order_by("pk")
    assert [(entry.action, entry.target_name) for entry in actions] == [
        ("membership.changed", "max"),
        ("membership.removed", "max"),
    ]


def test_nobody_is_made_a_member_here_not_even_by_superusers(root: Client, people: People) -> None:
    membership = Membership.objects.get(environment=people.elsewhere)
    added = {
        "memberships-TOTAL_FORMS": "2",
        "memberships-1-environment": str(people.elsewhere.pk),
        "memberships-1-user": str(people.owner.pk),
        "memberships-1-role": "operator",
    }
    root.post(page(people.elsewhere), members_form(membership, **added))
    root.post(page(people.elsewhere), members_form(membership, **{"memberships-0-user": str(people.owner.pk)}))
    assert [row.user.username for row in people.elsewhere.memberships.all()] == ["max"]


def test_whoever_makes_an_environment_is_its_first_admin(root: Client) -> None:
    root.post("/admin/accounts/environment/add/", {"name": "Fresh"})
    membership = Membership.objects.get(environment__name="Fresh")
    assert (membership.user.username, membership.role) == ("root", "admin")
    assert last_action() == "membership.added"
    assert root.get("/people").status_code == 200


def test_staff_who_may_change_people_cannot_raise_their_own_rights() -> None:
    person = staff("accounts.view_user", "accounts.change_user")
    browser(person).post(page(person), {"username": "editor", "is_superuser": "on", "is_active": "on"})
    person.refresh_from_db()
    assert not person.is_superuser


def test_staff_cannot_set_a_superusers_password() -> None:
    root, person = superuser(), staff("accounts.view_user", "accounts.change_user")
    address = f"/admin/accounts/user/{root.pk}/password/"
    answer = browser(person).post(address, {"password1": "taken-over-1", "password2": "taken-over-1"})
    assert answer.status_code == 403
    assert not User.objects.get(pk=root.pk).check_password("taken-over-1")


def test_a_new_person_is_made_with_a_password(root: Client) -> None:
    form = {"username": "nina", "usable_password": "true", "password1": "a-long-pass-9", "password2": "a-long-pass-9"}
    root.post("/admin/accounts/user/add/", form)
    assert User.objects.get(username="nina").check_password("a-long-pass-9")


def test_the_audit_record_cannot_be_changed_or_deleted(root: Client, account: IntegratedAccount) -> None:
    entry = AuditEntry.objects.latest("pk")
    assert root.post(page(entry), {"actor": "nobody"}).status_code == 403
    assert root.post(page(entry, "delete"), {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.get(pk=entry.pk).actor == "tests"


def test_the_audit_record_names_environments_and_shows_details_escaped(
    root: Client, account: IntegratedAccount
) -> None:
    entry = AuditEntry.objects.latest("pk")
    AuditEntry.objects.filter(pk=entry.pk).update(details={"name": "<script>alert(1)</script>"})
    shown = root.get(page(entry)).content.decode()
    assert "Production" in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert(1)" not in shown


def test_the_history_of_a_row_is_what_the_audit_record_tells_of_it(root: Client, account: IntegratedAccount) -> None:
    set_enabled(account, "somebody", enabled=False)
    AuditEntry.objects.create(
        actor="somebody", action="integration.changed", target_id=str(account.pk), target_name="Another thing"
    )
    AuditEntry.objects.create(
        actor="nobody", action="integrated_account.connected", target_id="other", target_name="Another account"
    )
    assert page(account, "history") in root.get(page(account)).content.decode()
    shown = root.get(page(account, "history"), follow=True)
    assert shown.redirect_chain
    words = shown.content.decode()
    assert "integrated_account.disabled" in words
    assert "Another" not in words


def test_there_is_no_history_where_nothing_is_kept_or_may_be_read(root: Client, account: IntegratedAccount) -> None:
    set_enabled(account, "somebody", enabled=False)
    entry = AuditEntry.objects.latest("pk")
    assert page(entry, "history") not in root.get(page(entry)).content.decode()
    assert root.get(page(entry, "history")).status_code == 403
    viewer = browser(staff("accounts.view_integratedaccount"))
    assert page(account, "history") not in viewer.get(page(account)).content.decode()
    assert viewer.get(page(account, "history")).status_code == 403
