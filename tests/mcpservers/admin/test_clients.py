"""Clients in Django admin: an admin registers some; those that registered themselves can only be deleted."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, IntegratedAccount, User
from mcpservers.models import PersonConnection, RegisteredClient
from tests.people import People
from tests.portal_site import browser, shown
from tests.sign_in import CALLBACK, Authorizing, registered, server_for_people

LIST = "/admin/mcpservers/registeredclient/"
FORM = {"name": "Support bot", "redirect_uris": f"{CALLBACK}\nhttp://localhost/back"}


@pytest.fixture
def root(db: None) -> Client:
    return browser(User.objects.create_superuser("root", password="root-pass-1"))


def test_an_admin_registers_a_client_that_people_then_allow(
    root: Client, account: IntegratedAccount, people: People
) -> None:
    assert root.post(f"{LIST}add/", FORM).status_code == 302
    client = RegisteredClient.objects.get()
    assert (client.client_type, client.registration_source) == ("public", "manual")
    assert AuditEntry.objects.latest("pk").action == "client.created"
    flow = Authorizing(server_for_people(account), people.operator, client.client_id)
    assert "an admin of Patchbay, who registered it" in shown(flow.ask())
    assert flow.tokens()["scope"] == "read"


def test_an_address_that_is_not_safe_is_refused(root: Client) -> None:
    refused = root.post(f"{LIST}add/", {**FORM, "redirect_uris": "http://client.example/"})
    assert "https, or http on localhost" in shown(refused)
    assert not RegisteredClient.objects.exists()


def test_what_registered_itself_is_not_changed(root: Client) -> None:
    client = RegisteredClient.objects.get(client_id=registered())
    assert root.post(f"{LIST}{client.pk}/change/", FORM).status_code == 403
    client.refresh_from_db()
    assert client.name == "A client"


def test_deleting_a_client_ends_what_people_allowed_it(
    root: Client, account: IntegratedAccount, people: People
) -> None:
    Authorizing(server_for_people(account), people.operator).tokens()
    client = RegisteredClient.objects.get()
    assert root.post(f"{LIST}{client.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not PersonConnection.objects.exists()
    actions = AuditEntry.objects.order_by("-pk").values_list("action", flat=True)[:2]
    assert [*actions] == ["client.deleted", "connection.ended"]
