"""The list of accounts, an account's overview, and disconnecting it."""

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DefinitionInvalid
from accounts.integrated_accounts.lifecycle import disconnect_account
from accounts.models import IntegratedAccount, Role
from accounts.web.refusals import REFUSED
from mcpservers.models import MCPServer
from mcpservers.search.exposure import exposure_of
from portal.accounts.forms import ConfirmNameForm
from portal.list_filters import AccountFilter
from portal.requests import PortalRequest, account_for, signed_in, tell, turn_to_factor
from tools.catalogue.compilation import catalogue_of
from tools.record.usage import DayUsage, accounts_lately, server_use

PAGE = 25


@dataclass(frozen=True)
class AccountRow:
    """An account as the list and its overview show it, with its calls of the last 24 hours."""

    account: IntegratedAccount
    tools: int
    lately: DayUsage

    @property
    def spark(self) -> str:
        """The SVG path of the small chart: a bar for each hour with calls, in a view box of 24 by 8."""
        highest = max(self.lately.hours)
        # At least 0.6 high: a few calls stay visible beside a busy hour.
        heights = ((place, max(0.6, 8 * calls / highest)) for place, calls in enumerate(self.lately.hours) if calls)
        return " ".join(f"M{place + 0.5:g} 8v-{height:.2f}" for place, height in heights)


@require_safe
@signed_in
def list_accounts(request: PortalRequest) -> HttpResponse:
    """Show the integrated accounts of the current environment."""
    environment = request.visit.environment
    if environment is None:
        turn_to_factor(request)
        return render(request, "accounts/no_environment.html")
    filters = AccountFilter(environment, request.GET)
    accounts = (
        filters.narrow(IntegratedAccount.objects.filter(environment=environment))
        .select_related("integration")
        .defer("integration__definition", "credentials")
        .annotate(servers=Count("mcp_servers"))
        .order_by("name", "pk")
    )
    page = Paginator(accounts, PAGE).get_page(request.GET.get("page"))
    lately = accounts_lately([account.pk for account in page])
    rows = [AccountRow(account, len(catalogue_of(account.integration)), lately[account.pk]) for account in page]
    return render(request, "accounts/list.html", {"page": page, "rows": rows, "filters": filters})


@require_safe
@signed_in
def show_account(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Show an account's connection, health, MCP servers and tools."""
    account = account_for(request, account_id)
    now = timezone.now()
    states = [server.status(now) for server in account.mcp_servers.all()]
    catalogue = catalogue_of(account.integration)
    lately = accounts_lately([account.pk], now)[account.pk]
    context = {
        "account": account,
        "tab": "overview",
        "row": AccountRow(account, len(catalogue), lately),
        "fields": labelled_fields(account),
        "servers": {state: states.count(state) for state in MCPServer.Status},
        "exposure": exposure_of(account),
        "tags": catalogue.tag_filters,
        "drafts": len(catalogue.drafts),
    }
    return render(request, "accounts/overview.html", context)


def labelled_fields(account: IntegratedAccount) -> list[tuple[str, str]]:
    """Return the non-secret connection fields as pairs of label and value, or of name and value without a label."""
    try:
        labels = {field.name: field.label for field in account.integration.parsed().connection_fields}
    except DefinitionInvalid:
        labels = {}
    return [(labels.get(name, name), value) for name, value in account.connection.items()]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def disconnect(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Show what would break; delete the account once its name is typed."""
    account = account_for(request, account_id, Role.ADMIN)
    form = ConfirmNameForm(account, request.POST if request.method == "POST" else None)
    if form.is_valid():
        disconnect_account(account, request.user)
        tell(request, f"{account.name} is disconnected. Its credentials and MCP servers are deleted.")
        return redirect("accounts")
    servers = list(account.mcp_servers.all())
    context = {
        "account": account,
        "tab": "settings",
        "form": form,
        "servers": servers,
        "usage": server_use([server.pk for server in servers]),
    }
    return render(request, "accounts/disconnect.html", context, status=REFUSED if form.is_bound else None)
