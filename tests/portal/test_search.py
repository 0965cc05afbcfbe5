"""Search over everything: what a person may see in the environment that they are in, and nothing else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, IntegratedAccount, Role
from mcpservers.lifecycle import create_server
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy

HOSTILE = "<img src=x onerror=alert(1)>"


def found(client: Client, sought: str) -> str:
    """Return the page of a search."""
    response = client.get("/search", {"q": sought})
    assert response.status_code == 200
    return response.content.decode()


def test_each_kind_is_found_by_a_part_of_its_name(people: People, account: IntegratedAccount) -> None:
    server, _ = create_server(account, "tests", name="Triage Agent", methods=[], tags=[])
    ApiToken.objects.issue(environment=account.environment, name="Nightly", role=Role.VIEWER, owner=None)
    ana = browser(people.owner)
    for sought, address in (
        ("fuse", f"/accounts/{account.pk}"),
        ("TRIAGE", f"/accounts/{account.pk}/mcp-servers/{server.pk}"),
        (server.last_four, f"/accounts/{account.pk}/mcp-servers/{server.pk}"),
        ("add_note", f"/accounts/{account.pk}/tools/cases/add_note"),
        ("add a note", f"/accounts/{account.pk}/tools/cases/add_note"),
        ("nightl", "/api-tokens"),
        ("olga", "/people"),
        ("audi", "/audit"),
        ("acme", f"/accounts/{account.pk}/mcp-servers/create"),
        ("connect an", "/accounts/connect"),
    ):
        assert f'href="{address}"' in found(ana, sought), sought
    assert "Nothing matches" in found(ana, "unicorn")


def test_without_a_word_it_offers_where_to_go(people: People, account: IntegratedAccount) -> None:
    shown = found(browser(people.teammate), "")
    assert "Activity" in shown
    assert account.name not in shown


def test_roles_hold(people: People, account: IntegratedAccount) -> None:
    viewer = found(browser(people.teammate), "a")
    assert "/accounts/connect" not in viewer
    assert "/mcp-servers/create" not in viewer
    assert "/api-tokens/issue" in viewer
    assert 'href="/admin/"' not in viewer
    assert "/mcp-servers/create" in found(browser(people.operator), "acme")


def test_of_api_tokens_members_find_their_own_and_admins_all(people: People, account: IntegratedAccount) -> None:
    for name, owner in (
        ("Nightly of tim", people.teammate),
        ("Nightly of olga", people.operator),
        ("Nightly of everybody", None),
    ):
        ApiToken.objects.issue(environment=account.environment, name=name, role=Role.VIEWER, owner=owner)
    seen = {
        person.username: {
            name for name in ("of tim", "of olga", "of everybody") if name in found(browser(person), "nightly")
        }
        for person in (people.owner, people.teammate, people.outsider)
    }
    assert seen == {"ana": {"of tim", "of olga", "of everybody"}, "tim": {"of tim"}, "max": set()}


def test_nothing_of_another_environment_is_found(people: People, account: IntegratedAccount) -> None:
    create_server(account, "tests", name="Triage Agent", methods=[], tags=[])
    outsider = browser(people.outsider)
    for sought in ("acme", "triage", "fuse_desk", "olga"):
        assert "Nothing matches" in found(outsider, sought)


def test_names_are_never_html(people: People, account: IntegratedAccount) -> None:
    IntegratedAccount.objects.update(name=HOSTILE)
    create_server(account, "tests", name=HOSTILE, methods=[], tags=[])
    ana = browser(people.owner)
    for headers in ({}, {"HX-Request": "true"}):
        response = ana.get("/search", {"q": "<img"}, headers=headers)
        shown = response.content.decode()
        assert HOSTILE not in shown
        assert "&lt;img" in shown
        assert has_strict_policy(response)


def test_a_script_gets_options_in_which_the_match_is_marked(people: People, account: IntegratedAccount) -> None:
    shown = as_read(
        browser(people.owner).get("/search", {"q": "fuse"}, headers={"HX-Request": "true"}).content.decode()
    )
    assert "<html" not in shown
    assert 'role="option"' in shown
    assert "Acme <mark>Fuse</mark>Desk" in shown


def test_more_accounts_and_servers_do_not_take_more_queries(people: People, account: IntegratedAccount) -> None:
    ana = browser(people.owner)
    found(ana, "a")
    with CaptureQueriesContext(connection) as few:
        found(ana, "a")
    for number in range(20):
        create_server(account, "tests", name=f"Agent {number}", methods=[], tags=[])
    with CaptureQueriesContext(connection) as many:
        found(ana, "a")
    assert len(many) == len(few) <= 11


@pytest.mark.django_db
def test_a_stranger_is_asked_to_sign_in() -> None:
    assert Client().get("/search?q=a").status_code == 302
