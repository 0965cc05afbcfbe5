"""The Tools tab: every method of an account's integration, and one method in detail."""

import json
from itertools import groupby
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from portal.requests import PortalRequest, account_for, signed_in
from portal.tools.argument_rows import arguments_of
from portal.tools.rows import STATES, ToolRow, counts_of, rows_of
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.documentation.preview import Preview, stored_preview
from tools.models import Documentation

PAGE = 100
SERVERS = 200


@require_safe
@signed_in
def list_tools(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Show every method of the definition by resource, with its state, score and use."""
    account = account_for(request, account_id)
    rows = rows_of(account)
    counts = counts_of(rows)
    sought = request.GET.get("q", "").strip()[:80]
    state = request.GET.get("state", "")
    shown = [
        row
        for row in rows
        if (state not in STATES or row.state == state) and (not sought or row.matches(sought.lower()))
    ]
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    context = {
        "account": account,
        "tab": "tools",
        "page": page,
        "groups": [(resource, [*group]) for resource, group in groupby(page, lambda row: row.declared.resource)],
        "states": [(name, words, counts[name]) for name, words in STATES.items()],
        "state": state if state in STATES else "",
        "sought": sought,
        "total": len(rows),
        "may_document": _may_document(request),
    }
    return render(request, "tools/list.html", context)


@require_safe
@signed_in
def show_tool(request: PortalRequest, account_id: UUID, resource: str, method: str) -> HttpResponse:
    """Show one method: its tool as clients see it, the score of its documentation, and its use."""
    account = account_for(request, account_id)
    row = next((row for row in rows_of(account) if row.declared.key == f"{resource}.{method}"), None)
    if row is None:
        raise Http404(f"{account.integration.label} has no such method. Its definition may have changed.")
    context = {
        "account": account,
        "tab": "tools",
        "row": row,
        "arguments": arguments_of(row.tool.input_schema) if row.tool else [],
        "judged": _judged(row),
        **_listed(row),
        "may_document": _may_document(request),
        "servers": _servers_with(account, row),
    }
    return render(request, "tools/tool.html", context)


def _may_document(request: PortalRequest) -> bool:
    """Return whether the visitor may open documentation in the admin."""
    return request.user.is_staff and request.user.has_perm("tools.view_documentation")


def _listed(row: ToolRow) -> dict[str, object]:
    """Return the tool's entry in `tools/list`, and its estimated tokens."""
    if row.tool is None:
        return {}
    listed = as_mcp(row.tool)
    return {"listed": json.dumps(listed, indent=2, ensure_ascii=False), "tokens": estimate_tokens(listed)}


def _judged(row: ToolRow) -> Preview | None:
    if row.record_id is None:
        return None
    record = Documentation.objects.select_related("verdict", "integration").filter(pk=row.record_id).first()
    return stored_preview(record) if record else None


def _servers_with(account: IntegratedAccount, row: ToolRow) -> list[MCPServer]:
    """Return the servers, among the account's newest SERVERS, that expose this tool; newest first."""
    tool = row.tool
    if tool is None:
        return []
    newest, catalogue = account.mcp_servers.all()[:SERVERS], catalogue_of(account.integration)
    return [server for server in newest if catalogue.lets_pass(tool, server.methods, server.tags, server.tools)]
