"""Changing an MCP server in the portal: its settings, its URL with a grace period, the test of what clients see."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from mcpservers.models import MCPServer
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser

SERVER = tuple[MCPServer, str]
UNCHANGED = {"name": "Triage Agent", "access": "read_write", "ends": "", "time_zone": "UTC"}


@pytest.fixture
def olga(people: People) -> Client:
    """The browser of an operator."""
    return browser(people.operator)


def at(server: MCPServer, last: str) -> str:
    return f"/accounts/{server.account_id}/mcp-servers/{server.pk}/{last}"


def chosen(shown: str) -> set[str]:
    """Return the ticked boxes and chosen options of a page, as `name=value`."""
    ticked = re.findall(r'<input type="(?:checkbox|radio)" name="(\w+)" value="(\w+)"[^>]* checked', shown)
    return {f"{name}={value}" for name, value in ticked}


class TestEditing:
    """A form that begins with what holds, and changes no more than was changed."""

    def test_it_begins_with_what_holds(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        MCPServer.objects.filter(pk=row.pk).update(
            methods=["list"],
            tags=["crm"],
            tools=["list_all_fuse_desk_contacts"],
            expires_at=datetime(2040, 5, 6, 7, 8, tzinfo=UTC),
        )
        shown = olga.get(at(row, "edit")).content.decode()
        assert chosen(shown) >= {"access=choose", "methods=list", "tags=crm", "tools=list_all_fuse_desk_contacts"}
        assert 'value="2040-05-06T07:08"' in shown
        assert 'data-moment="2040-05-06T07:08:00+00:00"' in shown
        assert "1 tool ·" in shown

    def test_what_is_not_changed_leaves_no_trace(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        before = AuditEntry.objects.count()
        assert olga.post(at(row, "edit"), UNCHANGED).status_code == 302
        row.refresh_from_db()
        assert (row.methods, row.revision, AuditEntry.objects.count()) == ([], 1, before)

    def test_a_change_holds_at_once_and_the_url_stays(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        form = {**UNCHANGED, "name": "Reader", "access": "read", "tools": ["list_all_fuse_desk_cases"], "ends": "7"}
        assert olga.post(at(row, "edit"), form).status_code == 302
        before = bytes(row.digest)
        row.refresh_from_db()
        assert (row.name, row.methods, row.tools) == ("Reader", ["read"], ["list_all_fuse_desk_cases"])
        assert row.expires_at is not None
        assert timedelta(days=6) < row.expires_at - timezone.now() < timedelta(days=8)
        assert bytes(row.digest) == before
        assert AuditEntry.objects.latest("pk").details["tools"] == {"from": [], "to": ["list_all_fuse_desk_cases"]}

    def test_search_mode_is_suggested_turned_on_and_off(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        assert "turn on search mode" in (page := as_read(olga.get(at(row, "").rstrip("/")).content.decode())), page
        assert "or turn on search mode" in as_read(olga.get(at(row, "edit")).content.decode())
        assert olga.post(at(row, "edit"), {**UNCHANGED, "search_mode": "on"}).status_code == 302
        row.refresh_from_db()
        assert row.search_mode
        assert AuditEntry.objects.latest("pk").details == {"search_mode": {"from": False, "to": True}}
        shown = as_read(olga.get(at(row, "edit")).content.decode())
        assert re.search(r'name="search_mode"[^>]* checked', shown)
        assert re.search(r"44 tools · about (?:[1-9]\d\d|1,\d{3}) tokens", shown)
        assert "Found by search; clients list only what finds and calls them" in shown
        assert "turn on search mode" not in as_read(olga.get(at(row, "").rstrip("/")).content.decode())
        seen = olga.post(at(row, "test")).content.decode()
        assert re.findall(r'<span class="mono">(\w+)</span>', seen) == [
            "find_tools",
            "call_read_tool",
            "call_write_tool",
            "search",
            "fetch",
        ]
        olga.post(at(row, "edit"), UNCHANGED)
        row.refresh_from_db()
        assert not row.search_mode

    def test_the_form_of_results_is_chosen_and_kept(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        assert "text and structured data" in as_read(olga.get(at(row, "").rstrip("/")).content.decode())
        form = {**UNCHANGED, "results": "text", "lean_list": "on"}
        assert olga.post(at(row, "edit"), form).status_code == 302
        row.refresh_from_db()
        assert (row.results, row.output_schema) == ("text", False)
        assert AuditEntry.objects.latest("pk").details == {
            "results": {"from": "both", "to": "text"},
            "output_schema": {"from": True, "to": False},
        }
        shown = olga.get(at(row, "edit")).content.decode()
        assert "results=text" in chosen(shown)
        assert re.search(r'name="lean_list"[^>]* checked', shown)
        page = as_read(olga.get(at(row, "").rstrip("/")).content.decode())
        assert "text only" in page
        assert "leaves out their description" in page
        assert "no_form is not one of" in olga.post(at(row, "edit"), {**form, "results": "no_form"}).content.decode()

    def test_what_policy_refuses_keeps_what_was_typed(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        form = {**UNCHANGED, "name": "Nothing", "access": "read", "tools": ["create_a_fuse_desk_case"]}
        response = olga.post(at(row, "edit"), form)
        assert response.status_code == 422
        shown = response.content.decode()
        assert "No tool matches all the filters" in shown
        assert 'value="Nothing"' in shown
        assert "tools=create_a_fuse_desk_case" in chosen(shown)

    def test_a_filter_that_the_integration_lost_can_be_taken_out(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        MCPServer.objects.filter(pk=row.pk).update(tools=["list_all_fuse_desk_cases", "gone_tool"])
        assert "gone_tool (no longer there)" in olga.get(at(row, "edit")).content.decode()
        olga.post(at(row, "edit"), {**UNCHANGED, "tools": ["list_all_fuse_desk_cases"]})
        row.refresh_from_db()
        assert row.tools == ["list_all_fuse_desk_cases"]


class TestRotating:
    """The old URL stops at once, or works on for a while that can be ended."""

    def test_the_old_url_works_for_the_period_chosen(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        before = bytes(row.digest)
        shown = olga.post(at(row, "rotate"), {"grace": "3600"}).content.decode()
        row.refresh_from_db()
        assert "The old URL works until" in shown
        assert row.previous_digest is not None
        assert bytes(row.previous_digest) == before
        assert row.previous_until is not None
        assert timedelta(minutes=59) < row.previous_until - timezone.now() <= timedelta(hours=1)
        assert "works until" in olga.get(at(row, "").rstrip("/")).content.decode()

    def test_the_period_can_be_ended(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        olga.post(at(row, "rotate"), {"grace": "3600"})
        olga.post(at(row, "drop-previous"))
        row.refresh_from_db()
        assert (row.previous_digest, row.previous_until) == (None, None)
        assert AuditEntry.objects.latest("pk").action == "mcp_server.grace_ended"

    def test_a_period_that_is_not_offered_is_refused(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        assert olga.post(at(row, "rotate"), {"grace": "99999999"}).status_code == 422
        before = bytes(row.digest)
        row.refresh_from_db()
        assert bytes(row.digest) == before


class TestSeeing:
    """What a client would see, and whether one has come."""

    def test_the_test_shakes_hands_and_lists(self, olga: Client, server: SERVER) -> None:
        shown = olga.post(at(server[0], "test")).content.decode()
        assert "Handshake and list succeeded" in shown
        assert "2025-11-25" in shown
        assert "list_all_fuse_desk_cases" in shown
        server[0].refresh_from_db()
        assert server[0].last_seen_at is None

    def test_the_test_says_that_clients_are_refused(self, olga: Client, server: SERVER) -> None:
        olga.post(at(server[0], "pause"))
        assert "clients are refused now" in as_read(olga.post(at(server[0], "test")).content.decode())

    def test_the_test_says_that_calls_would_fail(self, olga: Client, server: SERVER) -> None:
        server[0].account.status = server[0].account.Status.NEEDS_REAUTH
        server[0].account.save()
        assert "every call fails" in as_read(olga.post(at(server[0], "test")).content.decode())

    def test_the_page_asks_again_until_a_client_came(self, olga: Client, server: SERVER) -> None:
        row, _ = server
        assert 'hx-trigger="every 2s"' in olga.get(at(row, "connection")).content.decode()
        MCPServer.objects.filter(pk=row.pk).update(last_seen_at=timezone.now(), last_client="Claude <b>")
        shown = olga.get(at(row, "connection")).content.decode()
        assert "hx-trigger" not in shown
        assert "Claude &lt;b&gt;</b> connected" in shown


def test_viewers_and_outsiders_change_nothing(people: People, server: SERVER) -> None:
    row, _ = server
    for person, status in ((people.teammate, 403), (people.outsider, 404)):
        client = browser(person)
        for last in ("edit", "rotate", "test", "drop-previous"):
            assert client.post(at(row, last), UNCHANGED).status_code == status
        assert client.get(at(row, "edit")).status_code == status
    assert browser(people.teammate).get(at(row, "connection")).status_code == 200
    assert browser(people.outsider).get(at(row, "connection")).status_code == 404
