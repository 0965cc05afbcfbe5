"""What a server's settings may be, and the trace that each change leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import ApiToken, AuditEntry, IntegratedAccount, Integration, Role
from mcpservers.deletion import delete_server
from mcpservers.errors import PolicyRefused
from mcpservers.lifecycle import (
    change_server,
    create_server,
    pause_server,
    resume_server,
    rotate_token,
    tools_for,
)
from mcpservers.models import MCPServer
from tests.people import People
from tools.models import Documentation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVER = tuple[MCPServer, str]


def make(account: IntegratedAccount, actor: Any = "tests", **changed: Any) -> SERVER:
    return create_server(account, actor, **{"name": "Triage", "methods": [], "tags": [], **changed})


def refusal(account: IntegratedAccount, **changed: Any) -> dict[str, str]:
    before = MCPServer.objects.count(), AuditEntry.objects.count()
    with pytest.raises(PolicyRefused) as refused:
        make(account, **changed)
    assert (MCPServer.objects.count(), AuditEntry.objects.count()) == before
    return refused.value.problems


def trace() -> tuple[str, str, dict[str, Any]]:
    entry = AuditEntry.objects.latest("pk")
    return entry.actor, entry.action, entry.details


class TestExpiry:
    """An end lies a minute ahead at least, or there is none."""

    @pytest.mark.parametrize("seconds", [-86400, -1, 0, 1, 59])
    def test_an_end_that_is_past_or_near_is_refused(self, account: IntegratedAccount, seconds: int) -> None:
        with time_machine.travel(NOW, tick=False):
            problems = refusal(account, expires_at=NOW + timedelta(seconds=seconds))
        assert problems["expires_at"].startswith("Must be at least 60 seconds ahead")

    @pytest.mark.parametrize("seconds", [60, 3600, 10 * 365 * 86400])
    def test_a_later_end_is_taken(self, account: IntegratedAccount, seconds: int) -> None:
        with time_machine.travel(NOW, tick=False):
            server, _ = make(account, expires_at=NOW + timedelta(seconds=seconds))
        assert server.status(NOW) == "live"
        assert server.status(NOW + timedelta(seconds=seconds)) == "expired"

    def test_an_end_can_be_moved_and_taken_away(self, account: IntegratedAccount) -> None:
        with time_machine.travel(NOW, tick=False):
            server, _ = make(account, expires_at=NOW + timedelta(minutes=5))
            change_server(server, "tests", expires_at=NOW + timedelta(hours=1))
            change_server(server, "tests", expires_at=None)
            with pytest.raises(PolicyRefused):
                change_server(server, "tests", expires_at=NOW)
        server.refresh_from_db()
        assert server.expires_at is None

    def test_live_and_expired_part_all_servers_that_are_not_paused(self, account: IntegratedAccount) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            for minutes in (None, 5, 10):
                make(account, expires_at=None if minutes is None else NOW + timedelta(minutes=minutes))
            clock.shift(timedelta(minutes=5))
            assert (MCPServer.objects.live().count(), MCPServer.objects.expired().count()) == (2, 1)
            pause_server(MCPServer.objects.live()[0], "tests")
            assert MCPServer.objects.live().count() == 1


class TestTools:
    """A server exposes something, by filters that exist."""

    def test_filters_that_exist_and_leave_something_are_taken(self, account: IntegratedAccount) -> None:
        server, _ = make(account, methods=["read"], tags=["support"])
        assert {tool.group for tool in tools_for(account, server.methods, server.tags)} == {"read"}

    @pytest.mark.parametrize(
        ("filters", "places"),
        [
            ({"methods": ["nothing"]}, ["config.methods"]),
            ({"tags": ["nothing"]}, ["config.tags"]),
            ({"methods": ["read", ""], "tags": ["Support"]}, ["config.methods", "config.tags"]),
            ({"methods": ["snooze"], "tags": ["crm"]}, ["config"]),
        ],
    )
    def test_filters_that_do_not_are_refused(
        self, account: IntegratedAccount, filters: dict[str, list[str]], places: list[str]
    ) -> None:
        problems = refusal(account, **filters)
        assert list(problems) == places
        offered = {"config.methods": "list", "config.tags": "support", "config": "list"}
        assert all(offered[place] in reason for place, reason in problems.items())

    def test_an_integration_without_tools_has_no_servers(
        self, account: IntegratedAccount, integration: Integration
    ) -> None:
        Documentation.objects.filter(integration=integration).delete()
        integration.touch()
        account.integration.refresh_from_db()
        assert "has no documented tool yet" in refusal(account)["config"]

    def test_every_problem_is_told_at_once(self, account: IntegratedAccount) -> None:
        assert refusal(account, methods=["x"], tags=["y"], expires_at=NOW).keys() == {
            "expires_at", "config.methods", "config.tags",
        }  # fmt: skip


class TestTraces:
    """Each change is in the audit record, once, with who made it."""

    def test_a_new_server_is_noted_with_its_settings_and_without_its_token(self, account: IntegratedAccount) -> None:
        server, token = make(account, tags=["support"], require_api_token_auth=True)
        actor, action, details = trace()
        assert (actor, action) == ("tests", "mcp_server.created")
        assert details == {
            "name": "Triage", "methods": [], "tags": ["support"], "tools": [],
            "search_mode": False, "results": "both", "output_schema": True,
            "authentication": "api_token", "expires_at": None,
        }  # fmt: skip
        entry = AuditEntry.objects.latest("pk")
        assert (entry.environment_id, entry.target_id, entry.target_name) == (
            account.environment_id, str(server.pk), "Triage",
        )  # fmt: skip
        assert token not in str(AuditEntry.objects.values())

    def test_a_change_is_noted_from_what_to_what(self, server: SERVER) -> None:
        change_server(server[0], "tests", name="Renamed", methods=["read"], tags=[])
        assert trace()[1:] == (
            "mcp_server.changed",
            {"name": {"from": "Triage Agent", "to": "Renamed"}, "methods": {"from": [], "to": ["read"]}},
        )

    def test_what_changes_nothing_leaves_no_trace(self, server: SERVER) -> None:
        before = AuditEntry.objects.count()
        change_server(server[0], "tests", name=server[0].name)
        resume_server(server[0], "tests")
        pause_server(server[0], "tests")
        pause_server(server[0], "tests")
        assert AuditEntry.objects.count() == before + 1

    def test_a_refused_change_changes_nothing(self, server: SERVER) -> None:
        with pytest.raises(PolicyRefused):
            change_server(server[0], "tests", name="Renamed", tags=["nothing"])
        assert MCPServer.objects.get().name == "Triage Agent"

    def test_pausing_resuming_rotating_and_deleting_are_noted(self, server: SERVER) -> None:
        pause_server(server[0], "tests")
        resume_server(server[0], "tests")
        token = rotate_token(server[0], "tests")
        delete_server(server[0], "tests")
        actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))[-4:]
        assert actions == ["mcp_server.paused", "mcp_server.resumed", "mcp_server.rotated", "mcp_server.deleted"]
        assert token not in str(AuditEntry.objects.values())
        assert token != server[1]

    def test_whoever_acts_is_named(self, account: IntegratedAccount, people: People) -> None:
        assert make(account, people.owner)[0].created_by == "ana"
        assert trace()[0] == "ana"
        token, value = ApiToken.objects.issue(
            environment=account.environment, name="CI", role=Role.ADMIN, owner=people.owner
        )
        make(account, token)
        assert trace()[0] == f"API token CI (…{value[-4:]})"


class TestMeanwhile:
    """Two who change one server, each with the row as it was when they read it."""

    def test_a_change_that_was_read_before_a_rotation_does_not_bring_the_old_token_back(self, server: SERVER) -> None:
        stale = MCPServer.objects.get()
        rotate_token(server[0], "tests")
        digest = MCPServer.objects.get().digest
        for change in (pause_server, resume_server):
            change(stale, "somebody")
        change_server(stale, "somebody", name="Renamed")
        assert MCPServer.objects.get().digest == digest

    def test_a_server_that_was_deleted_does_not_come_back(self, server: SERVER) -> None:
        stale = MCPServer.objects.get()
        delete_server(server[0], "tests")
        with pytest.raises(PolicyRefused, match="was deleted meanwhile"):
            change_server(stale, "somebody", name="Renamed")
        with pytest.raises(PolicyRefused):
            rotate_token(stale, "somebody")
        assert MCPServer.objects.count() == 0

    def test_each_change_raises_the_revision(self, server: SERVER) -> None:
        first, second = MCPServer.objects.get(), MCPServer.objects.get()
        change_server(first, "tests", name="One")
        once = MCPServer.objects.get().revision
        change_server(second, "tests", methods=["read"])
        stored = MCPServer.objects.get()
        assert (stored.name, stored.methods) == ("One", ["read"])
        assert 1 < once < stored.revision
