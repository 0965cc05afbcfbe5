"""API tokens, members and the audit record in the portal."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, Environment, IntegratedAccount, Membership, Role, User
from mcpservers.lifecycle import create_server
from tests.invitations import invited
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy


@pytest.fixture
def ana(people: People) -> Client:
    return browser(people.owner)


def shown(client: Client, path: str) -> str:
    return as_read(client.get(path).content.decode())


def membership(people: People, name: str) -> Membership:
    return Membership.objects.get(user__username=name, environment__name="Production")


def test_everybody_of_the_environment_reads_and_admins_change(people: People) -> None:
    for person, changes in ((people.owner, True), (people.operator, False), (people.teammate, False)):
        client = browser(person)
        for page in ("/api-tokens", "/people", "/audit", "/profile"):
            response = client.get(page)
            assert response.status_code == 200
            assert has_strict_policy(response)
        assert client.get("/api-tokens/issue").status_code == 200
        assert client.post("/people/invite", {}).status_code == (422 if changes else 403)
        assert client.post("/api-tokens/longest-life", {"days": "x"}).status_code == (422 if changes else 403)
    for page in ("/api-tokens", "/people", "/audit", "/profile"):
        assert Client().get(page).status_code == 302


class TestTokens:
    """Issued and shown once, listed without their value, revoked."""

    def test_the_value_is_shown_once(self, ana: Client) -> None:
        form = {"name": "Nightly report", "role": "operator", "ends": "90"}
        value = re.search(r"pbapi_\w+", ana.post("/api-tokens/issue", form).content.decode())
        assert value is not None
        row = ApiToken.objects.get()
        assert (row.name, row.role, row.kind, row.owner_name) == ("Nightly report", "operator", "personal", "ana")
        assert value.group()[-4:] == row.last_four
        page = shown(ana, "/api-tokens")
        assert "Nightly report" in page
        assert value.group() not in page
        assert AuditEntry.objects.latest("pk").action == "api_token.issued"

    def test_revoking_names_what_stops_and_takes_a_post(self, ana: Client, environment: Environment) -> None:
        row, _ = ApiToken.objects.issue(environment=environment, name="Old", role=Role.VIEWER, owner=None)
        assert f"…{row.last_four}" in shown(ana, f"/api-tokens/{row.pk}/revoke")
        assert ApiToken.objects.live().filter(pk=row.pk).exists()
        ana.post(f"/api-tokens/{row.pk}/revoke")
        assert not ApiToken.objects.live().filter(pk=row.pk).exists()
        assert "No API token yet" in shown(ana, "/api-tokens")

    def test_those_of_other_environments_are_not_there(self, ana: Client, people: People) -> None:
        row, _ = ApiToken.objects.issue(environment=people.elsewhere, name="Theirs", role=Role.VIEWER, owner=None)
        assert "Theirs" not in shown(ana, "/api-tokens")
        assert ana.post(f"/api-tokens/{row.pk}/revoke").status_code == 404

    def test_what_is_refused_keeps_what_was_typed(self, ana: Client) -> None:
        response = ana.post("/api-tokens/issue", {"name": "Robot", "role": "owner", "ends": "90"})
        assert response.status_code == 422
        assert 'value="Robot"' in response.content.decode()


class TestMembers:
    """Given another role, removed, put back; and never without an admin. How they join is in test_invitations.py."""

    def test_a_role_changes(self, ana: Client, people: People) -> None:
        ana.post(f"/people/{membership(people, 'tim').pk}/role", {"role": "admin"})
        assert membership(people, "tim").role == "admin"
        assert AuditEntry.objects.latest("pk").details == {"role": {"from": "viewer", "to": "admin"}}

    def test_the_last_admin_stays(self, ana: Client, people: People) -> None:
        row = membership(people, "ana")
        for path, form in ((f"/people/{row.pk}/role", {"role": "viewer"}), (f"/people/{row.pk}/remove", {})):
            assert "at least one admin" in ana.post(path, form, follow=True).content.decode()
        assert membership(people, "ana").role == "admin"

    def test_a_removal_is_undone_with_the_role_of_before(self, ana: Client, people: People) -> None:
        row = membership(people, people.operator.username)
        page = ana.post(f"/people/{row.pk}/remove", follow=True).content.decode()
        undo = f"/people/put-back/{row.user_id}"
        assert f'action="{undo}"' in page
        assert "as operator" in ana.post(undo, follow=True).content.decode()
        assert membership(people, people.operator.username).role == "operator"
        assert AuditEntry.objects.latest("pk").action == "membership.added"
        assert "no removal to undo" in ana.post(undo, follow=True).content.decode()

    def test_only_who_was_removed_here_is_put_back_and_by_admins_alone(self, ana: Client, people: People) -> None:
        outsider = people.outsider
        page = ana.post(f"/people/put-back/{outsider.pk}", follow=True).content.decode()
        assert "no removal to undo" in page
        assert f"{outsider.username} belongs" not in page
        row = membership(people, "tim")
        ana.post(f"/people/{row.pk}/remove")
        assert browser(people.operator).post(f"/people/put-back/{row.user_id}").status_code == 403
        assert not Membership.objects.filter(user=people.teammate, environment__name="Production").exists()

    def test_only_whoever_removed_somebody_puts_them_back_and_only_for_a_while(
        self, ana: Client, people: People
    ) -> None:
        ana.post(f"/people/{membership(people, people.operator.username).pk}/role", {"role": "admin"})
        row = membership(people, "tim")
        with time_machine.travel(timezone.now(), tick=False) as clock:
            ana.post(f"/people/{row.pk}/remove")
            undo = f"/people/put-back/{row.user_id}"
            refused = browser(people.operator).post(undo, follow=True).content.decode()
            assert "no removal to undo" in refused
            clock.shift(timedelta(minutes=10))
            assert "no removal to undo" in ana.post(undo, follow=True).content.decode()
            assert not Membership.objects.filter(user=people.teammate).exists()

    def test_a_name_that_was_taken_over_undoes_nothing(self, ana: Client, people: People) -> None:
        ana.post(f"/people/{membership(people, people.operator.username).pk}/role", {"role": "admin"})
        row = membership(people, "tim")
        ana.post(f"/people/{row.pk}/remove")
        User.objects.filter(pk=people.owner.pk).update(username="gone")
        User.objects.filter(pk=people.operator.pk).update(username="ana")
        browser(people.operator).post(f"/people/put-back/{row.user_id}")
        assert not Membership.objects.filter(user=people.teammate).exists()

    def test_nobody_is_put_back_who_left_by_themselves(self, ana: Client, people: People) -> None:
        ana.post(f"/people/{membership(people, people.operator.username).pk}/role", {"role": "admin"})
        olga = browser(people.operator)
        olga.post(f"/people/{membership(people, people.operator.username).pk}/remove")
        for client in (ana, olga):
            client.post(f"/people/put-back/{people.operator.pk}")
        assert not Membership.objects.filter(user=people.operator).exists()

    def test_who_leaves_is_offered_no_way_back(self, ana: Client, people: People) -> None:
        ana.post(f"/people/{membership(people, people.operator.username).pk}/role", {"role": "admin"})
        page = ana.post(f"/people/{membership(people, 'ana').pk}/remove", follow=True).content.decode()
        assert "put-back" not in page

    def test_somebody_removed_sees_nothing_any_more(self, ana: Client, people: People) -> None:
        tim = browser(people.teammate)
        assert tim.get("/people").status_code == 200
        ana.post(f"/people/{membership(people, 'tim').pk}/remove")
        assert tim.get("/people").status_code == 403

    def test_members_of_other_environments_are_out_of_reach(self, ana: Client, people: People) -> None:
        row = Membership.objects.get(user=people.outsider)
        for action in ("role", "remove"):
            assert ana.post(f"/people/{row.pk}/{action}", {"role": "admin"}).status_code == 404


class TestAudit:
    """What was changed, to be filtered."""

    def test_it_tells_who_changed_what_and_filters(self, ana: Client, people: People) -> None:
        ana.post("/api-tokens/issue", {"name": "Robot", "role": "viewer", "ends": "90"})
        browser(people.outsider).post(f"{invited(ana, 'viewer')}/accept")
        ana.post(f"/people/{membership(people, 'max').pk}/role", {"role": "operator"})
        page = shown(ana, "/audit")
        assert "API token issued" in page
        assert "Member added" in page
        assert '<dt>networks</dt><dd class="mono">none</dd>' in page
        assert '<dt>role</dt><dd class="mono">viewer → operator</dd>' in page
        assert '<dt>new person</dt><dd class="mono">no</dd>' in page
        assert "Member added" not in shown(ana, "/audit?what=api_token")
        assert "Nothing was changed that matches" in shown(ana, "/audit?who=nobody")

    def test_every_kind_that_is_offered_finds_what_is_noted(self, ana: Client, account: IntegratedAccount) -> None:
        create_server(account, "tests", name="Triage", methods=["read"], tags=["support", "crm"])
        ana.get(f"/accounts/{account.pk}/activity/export?format=csv")
        assert "Calls exported" in shown(ana, "/audit?what=calls")
        page = shown(ana, "/audit?what=mcp_server")
        assert "MCP server created" in page
        assert "support, crm" in page

    def test_members_read_nothing_there_that_other_pages_keep_from_them(self, ana: Client, people: People) -> None:
        ana.post("/api-tokens/issue", {"name": "Robot", "role": "viewer", "ends": "90"})
        ana.post("/people/invite", {"role": "viewer", "note": "Nina from sales"})
        tim = browser(people.teammate)
        tim.post("/api-tokens/issue", {"name": "Mine", "role": "viewer", "ends": "90"})
        for path in ("/audit", "/audit?what=api_token", "/audit?who=ana"):
            page = shown(tim, path)
            assert "Robot" not in page
            assert "Nina" not in page
            assert 'value="invitation"' not in page
        assert "Mine" in shown(tim, "/audit")
        assert {"Robot", "Mine", "Nina from sales"} <= set(
            re.findall("Robot|Mine|Nina from sales", shown(ana, "/audit"))
        )

    def test_other_environments_are_not_in_it(self, ana: Client, people: People) -> None:
        AuditEntry.objects.create(
            actor="max",
            action="mcp_server.created",
            environment_id=people.elsewhere.pk,
            target_id="1",
            target_name="Theirs",
        )
        assert "Theirs" not in shown(ana, "/audit")


@pytest.mark.parametrize("path", ["/api-tokens", "/people", "/audit"])
def test_more_rows_do_not_take_more_queries(ana: Client, environment: Environment, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert ana.get(path).status_code == 200
        return len(counted)

    def add(number: int) -> None:
        user = User.objects.create_user(f"person{number}")
        Membership.objects.create(environment=environment, user=user)
        ApiToken.objects.issue(environment=environment, name=f"T{number}", role=Role.VIEWER, owner=user)
        AuditEntry.objects.create(
            actor="x", action="api_token.issued", environment_id=environment.pk, target_id="1", target_name="t"
        )

    add(0)
    queries()
    few = queries()
    for number in range(1, 20):
        add(number)
    assert queries() == few <= 7
