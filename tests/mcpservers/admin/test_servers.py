"""The admin pages of MCP servers."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.changes import ChangeKind
from accounts.models import AuditEntry, IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests.admin_site import act, browser, listing, page, queries, staff, superuser
from tests.hearing import hearing

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    return browser(superuser())


@pytest.fixture
def triage(server: tuple[MCPServer, str]) -> MCPServer:
    return server[0]


def typed(server: MCPServer, **changes: Any) -> dict[str, Any]:
    """Return what the form of a server sends, with changes."""
    kept = {"results": server.results, **({"output_schema": "on"} if server.output_schema else {})}
    return {"name": server.name, "methods": server.methods, "tags": server.tags, **kept, **changes}


def ends(moment: Any) -> dict[str, str]:
    return {"expires_at_0": f"{moment:%Y-%m-%d}", "expires_at_1": f"{moment:%H:%M:%S}"}


def test_pausing_and_resuming_leave_traces_and_are_told_at_once(
    root: Client, triage: MCPServer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        assert "1 MCP servers paused" in act(root, "pause", triage)
    triage.refresh_from_db()
    assert triage.status() == "paused"
    assert (ChangeKind.SERVER, triage.pk) in [(change.kind, change.id) for change in heard]
    act(root, "resume", triage)
    triage.refresh_from_db()
    assert triage.status() == "live"
    actions = AuditEntry.objects.filter(actor="root").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["mcp_server.paused", "mcp_server.resumed"]


def test_changes_go_through_the_policy_and_are_noted_from_what_to_what(root: Client, triage: MCPServer) -> None:
    changes = {"methods": ["read"], "results": "structured", "output_schema": "", "require_api_token_auth": "on"}
    root.post(page(triage), typed(triage, name="Reader", **changes))
    triage.refresh_from_db()
    assert (triage.name, triage.methods, triage.require_api_token_auth) == ("Reader", ["read"], True)
    assert (triage.results, triage.output_schema) == ("structured", False)
    details = AuditEntry.objects.latest("pk").details
    assert details["methods"] == {"from": [], "to": ["read"]}
    assert details["name"] == {"from": "Triage Agent", "to": "Reader"}


def test_search_mode_is_a_setting_here_too(root: Client, triage: MCPServer) -> None:
    assert "It lists 44 tools" in root.get(page(triage)).content.decode()
    root.post(page(triage), typed(triage, search_mode="on"))
    triage.refresh_from_db()
    assert triage.search_mode
    assert "44 tools, found by search" in root.get(page(triage)).content.decode()
    assert "search mode" in root.get(listing(MCPServer)).content.decode()


def test_saving_without_a_change_leaves_no_trace(root: Client, triage: MCPServer) -> None:
    before = AuditEntry.objects.count()
    root.post(page(triage), typed(triage))
    assert AuditEntry.objects.count() == before


def test_filters_that_leave_no_tool_are_refused_beside_what_was_ticked(root: Client, triage: MCPServer) -> None:
    shown = root.post(page(triage), typed(triage, methods=["permissions"], tags=["crm"])).content.decode()
    assert "No tool matches all the filters" in shown
    triage.refresh_from_db()
    assert triage.methods == []


def test_an_end_that_is_past_is_refused(root: Client, triage: MCPServer) -> None:
    shown = root.post(page(triage), typed(triage, **ends(timezone.now() - timedelta(days=1)))).content.decode()
    assert "Must be at least 60 seconds ahead." in shown


def test_an_expired_server_can_be_renamed_and_given_more_time(root: Client, triage: MCPServer) -> None:
    past = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    MCPServer.objects.filter(pk=triage.pk).update(expires_at=past)
    root.post(page(triage), typed(triage, name="Old pilot", **ends(past)))
    triage.refresh_from_db()
    assert (triage.name, triage.status()) == ("Old pilot", "expired")
    root.post(page(triage), typed(triage, **ends(past + timedelta(days=7))))
    triage.refresh_from_db()
    assert triage.status() == "live"


def test_a_filter_that_the_integration_no_longer_has_stays_in_view(root: Client, triage: MCPServer) -> None:
    MCPServer.objects.filter(pk=triage.pk).update(methods=["gone_by", "read"])
    assert 'value="gone_by"' in root.get(page(triage)).content.decode()


def test_the_page_lists_the_tools_that_a_server_exposes(root: Client, account: IntegratedAccount) -> None:
    reader, _ = create_server(account, "tests", name="Reader", methods=["read"], tags=[])
    shown = root.get(page(reader)).content.decode()
    assert "list_all_fuse_desk_cases" in shown
    assert "create_a_fuse_desk_case<" not in shown
    assert "tokens" in shown


def test_servers_are_made_elsewhere(root: Client, triage: MCPServer) -> None:
    assert root.get("/admin/mcpservers/mcpserver/add/").status_code == 403


def test_deleting_refuses_the_url_and_leaves_a_trace(root: Client, triage: MCPServer) -> None:
    root.post(page(triage, "delete"), {"post": "yes"})
    assert not MCPServer.objects.exists()
    assert AuditEntry.objects.latest("pk").action == "mcp_server.deleted"


def test_servers_deleted_from_the_list_leave_traces_too(root: Client, account: IntegratedAccount) -> None:
    rows = [create_server(account, "tests", name=name, methods=[], tags=[])[0] for name in ("A", "B")]
    root.post(
        listing(MCPServer), {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    )
    assert AuditEntry.objects.filter(action="mcp_server.deleted", actor="root").count() == 2


def test_who_may_only_see_servers_cannot_pause_them(triage: MCPServer) -> None:
    act(browser(staff("mcpservers.view_mcpserver")), "pause", triage)
    triage.refresh_from_db()
    assert triage.status() == "live"


@pytest.mark.parametrize(("status", "found"), [("live", "Running"), ("paused", "Resting"), ("expired", "Over")])
def test_servers_are_filtered_by_status(root: Client, account: IntegratedAccount, status: str, found: str) -> None:
    for name in ("Running", "Resting", "Over"):
        create_server(account, "tests", name=name, methods=[], tags=[])
    MCPServer.objects.filter(name="Resting").update(paused_at=timezone.now())
    MCPServer.objects.filter(name="Over").update(expires_at=timezone.now(), paused_at=timezone.now())
    shown = root.get(listing(MCPServer, status=status)).content.decode()
    assert {name for name in ("Running", "Resting", "Over") if f">{name}<" in shown} == {found}


def test_the_list_takes_as_many_queries_for_many_servers_as_for_one(root: Client, account: IntegratedAccount) -> None:
    create_server(account, "tests", name="First", methods=[], tags=[])
    one = queries(root, listing(MCPServer))
    for number in range(10):
        create_server(account, "tests", name=f"No. {number}", methods=["read"], tags=[])
    assert queries(root, listing(MCPServer)) == one <= 10
