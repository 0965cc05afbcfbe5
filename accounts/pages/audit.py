"""The audit record of an environment: who changed what, when."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import AuditEntry, Role
from accounts.pages.people_forms import AuditFilter
from accounts.portal import PortalRequest, require, signed_in

PAGE = 50
KINDS = {
    "integrated_account": "Accounts",
    "mcp_server": "MCP servers",
    "api_token": "API tokens",
    "membership": "People",
    "call": "Calls and exports",
    "tool": "Tools tried",
}


@require_safe
@signed_in
def show(request: PortalRequest) -> HttpResponse:
    """Show what was changed, newest first."""
    environment = require(request, Role.VIEWER)
    entries = AuditEntry.objects.filter(environment_id=environment.pk)
    form = AuditFilter(KINDS, request.GET)
    if form.is_valid():
        if form.cleaned_data["who"]:
            entries = entries.filter(actor__icontains=form.cleaned_data["who"])
        if form.cleaned_data["what"]:
            entries = entries.filter(action__startswith=f"{form.cleaned_data['what']}.")
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    return render(request, "people/audit.html", {"section": "audit", "page": page, "form": form, "rows": list(page)})
