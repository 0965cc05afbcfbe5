"""The audit page of an environment."""

from dataclasses import dataclass
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit import entries_for
from accounts.models import AuditEntry, Membership, Role
from portal.people.forms import AuditFilter
from portal.requests import PortalRequest, require, signed_in

PAGE = 50
# The first part of an action (`mcp_server.created`), as singular and plural labels.
KINDS = {
    "integrated_account": ("Account", "Accounts"),
    "mcp_server": ("MCP server", "MCP servers"),
    "api_token": ("API token", "API tokens"),
    "membership": ("Member", "People"),
    "invitation": ("Invitation", "Invitations"),
    "environment": ("Environment", "Environment"),
    "calls": ("Calls", "Exports of calls"),
    "tool": ("Tool", "Tools tried"),
}


@dataclass(frozen=True)
class AuditRow:
    """One audit entry as a table row."""

    entry: AuditEntry

    @property
    def words(self) -> str:
        """The action as text, such as `MCP server created`."""
        kind, _, verb = self.entry.action.partition(".")
        return f"{KINDS[kind][0] if kind in KINDS else plain(kind).capitalize()} {plain(verb)}"

    @property
    def details(self) -> list[tuple[str, str]]:
        """The entry's details as pairs of label and text."""
        return [(plain(name), in_words(value)) for name, value in self.entry.details.items()]


def plain(name: str) -> str:
    """Return an identifier as words: `mcp_server` as `mcp server`."""
    return name.replace("_", " ")


def in_words(value: Any) -> str:
    """Return a value of an entry's details as readable text."""
    match value:
        case None | "" | []:
            return "none"
        case bool():
            return "yes" if value else "no"
        case {"from": before, "to": after, **rest} if not rest:
            return f"{in_words(before)} → {in_words(after)}"
        case dict():
            return "; ".join(f"{plain(name)}: {in_words(each)}" for name, each in value.items())
        case list():
            return ", ".join(in_words(each) for each in value)
    return str(value)


@require_safe
@signed_in
def show(request: PortalRequest) -> HttpResponse:
    """Show the audit entries that the visitor may read, newest first."""
    require(request, Role.VIEWER)
    entries = entries_for(cast(Membership, request.visit.membership))
    # entries_for() hides invitations from everyone but admins, so the filter does not offer them either.
    hidden = set() if request.visit.may_administer else {"invitation"}
    form = AuditFilter({kind: many for kind, (_, many) in KINDS.items() if kind not in hidden}, request.GET)
    if form.is_valid():
        if form.cleaned_data["who"]:
            entries = entries.filter(actor__icontains=form.cleaned_data["who"])
        if form.cleaned_data["what"]:
            entries = entries.filter(action__startswith=f"{form.cleaned_data['what']}.")
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    context = {"section": "audit", "page": page, "form": form, "rows": [AuditRow(entry) for entry in page]}
    return render(request, "people/audit.html", context)
