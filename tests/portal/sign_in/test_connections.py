"""Connections on pages: everybody sees who allowed what; the person and admins end it."""

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, IntegratedAccount, Membership, User
from accounts.people.members import remove_member
from mcpservers.models import AccessToken, MCPServer, PersonConnection, RefreshToken
from mcpservers.tasks import prune_sign_in
from tests.admin_site import page as admin_page
from tests.admin_site import superuser
from tests.people import People
from tests.portal_site import browser, shown
from tests.sign_in import Authorizing, registered, server_for_people


@pytest.fixture
def server(account: IntegratedAccount) -> MCPServer:
    return server_for_people(account)


@pytest.fixture
def connection(server: MCPServer, people: People) -> PersonConnection:
    """What the operator has allowed a client."""
    Authorizing(server, people.operator, scope="read write").tokens()
    return PersonConnection.objects.get()


def page(server: MCPServer) -> str:
    return f"/accounts/{server.account_id}/mcp-servers/{server.pk}"


def end(connection: PersonConnection) -> str:
    return f"/profile/connections/{connection.pk}/end"


@pytest.mark.usefixtures("connection")
def test_they_are_on_the_pages_of_server_account_and_person(server: MCPServer, people: People) -> None:
    for path in (page(server), f"/accounts/{server.account_id}/connections"):
        text = shown(browser(people.teammate).get(path))
        assert "olga" in text
        assert "A client" in text
    assert "A client" in shown(browser(people.operator).get("/profile/connections"))
    assert "A client" not in shown(browser(people.owner).get("/profile/connections"))
    assert browser(people.outsider).get(f"/accounts/{server.account_id}/connections").status_code == 404


def test_the_person_ends_theirs_with_all_tokens(connection: PersonConnection, people: People) -> None:
    response = browser(people.operator).post(end(connection), {"from": "profile"})
    assert response.status_code == 302
    assert not PersonConnection.objects.exists()
    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.exists()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.action) == ("olga", "connection.ended")


def test_an_admin_ends_it_and_nobody_else_does(connection: PersonConnection, people: People) -> None:
    assert browser(people.teammate).post(end(connection)).status_code == 403
    assert browser(people.outsider).post(end(connection)).status_code == 404
    assert PersonConnection.objects.exists()
    assert browser(people.owner).post(end(connection)).status_code == 302
    assert not PersonConnection.objects.exists()


def test_an_admin_ends_all_of_a_person_and_of_nobody_else(
    connection: PersonConnection, server: MCPServer, people: People
) -> None:
    Authorizing(server, people.operator, registered(name="Another")).tokens()
    Authorizing(server, people.teammate).tokens()
    browser(people.owner).post(end(connection), {"all": "1"})
    assert [each.user for each in PersonConnection.objects.all()] == [people.teammate]


def test_removing_a_member_ends_theirs_for_good(connection: PersonConnection, people: People) -> None:
    membership = Membership.objects.get(user=people.operator)
    remove_member(membership, people.owner)
    assert not PersonConnection.objects.exists()
    assert not RefreshToken.objects.exists()


def set_active(person: User, *, is_active: bool) -> None:
    """Enable or disable a person in the admin."""
    now = timezone.now()
    form = {
        "username": person.username,
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
        "date_joined_0": f"{now:%Y-%m-%d}",
        "date_joined_1": f"{now:%H:%M:%S}",
    }
    root = browser(User.objects.filter(username="root").first() or superuser())
    answer = root.post(admin_page(person), form | ({"is_active": "on"} if is_active else {}))
    assert answer.status_code == 302, shown(answer)


def test_disabling_a_person_ends_theirs_at_once_and_enabling_brings_none_back(
    server: MCPServer, people: People
) -> None:
    theirs, others = Authorizing(server, people.operator), Authorizing(server, people.teammate)
    made = theirs.tokens()
    others.tokens()
    set_active(people.operator, is_active=False)
    assert [each.user for each in PersonConnection.objects.all()] == [people.teammate]
    entry = AuditEntry.objects.get(action="connection.ended")
    assert (entry.actor, entry.environment_id) == ("root", server.account.environment_id)
    assert entry.details == {"why": "olga was deactivated"}
    set_active(people.operator, is_active=True)
    assert theirs.refresh(made["refresh_token"]).json()["error"] == "invalid_grant"
    assert Authorizing(server, people.operator, theirs.client_id).ask().status_code == 200


def test_enabling_somebody_who_was_disabled_elsewhere_brings_none_back(
    connection: PersonConnection, people: People
) -> None:
    User.objects.filter(pk=people.operator.pk).update(is_active=False)
    set_active(people.operator, is_active=True)
    assert not PersonConnection.objects.filter(pk=connection.pk).exists()


def test_connections_of_disabled_people_and_of_moved_accounts_end(
    connection: PersonConnection, server: MCPServer, people: People
) -> None:
    assert prune_sign_in() == 0
    IntegratedAccount.objects.filter(pk=server.account_id).update(environment=people.elsewhere)
    assert prune_sign_in() == 1
    assert not PersonConnection.objects.filter(pk=connection.pk).exists()
