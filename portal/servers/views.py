"""The MCP Servers tab: list, show, create and edit servers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import IntegratedAccount, Role
from accounts.signing_in.reauthentication import recently_authenticated
from accounts.texts.counting import counted
from accounts.web.refusals import REFUSED
from mcpservers.errors import PolicyRefused
from mcpservers.lifecycle import change_server, create_server
from mcpservers.models import MCPServer
from mcpservers.search.exposure import Exposure, exposed_by, exposure_of
from mcpservers.sign_in.addresses import address_of
from portal.list_filters import ServerFilter
from portal.requests import PortalRequest, account_for, signed_in, tell
from portal.servers.connection_check import rehearse
from portal.servers.forms import ServerForm
from portal.servers.url_shown import given_to_clients, show_once
from portal.sign_in.connections import connections_of
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.naming import CUSTOM, GROUPS
from tools.record.usage import calls_lately

PAGE = 25
FEW = 8  # a list up to this length needs no search
SOON = timedelta(days=3)


@dataclass(frozen=True)
class ServerRow:
    """A server with the figures that its table row shows."""

    server: MCPServer
    exposure: Exposure
    access: str
    status: MCPServer.Status
    ends_soon: bool
    calls: int = 0


def methods_in_words(methods: list[str]) -> str:
    """Return a method filter in words: `all`, the groups, or the number of methods."""
    if not methods:
        return "all"
    if all(method in GROUPS or method == CUSTOM for method in methods):
        return " + ".join(methods)
    return counted(len(methods), "method")


def row_of(server: MCPServer, now: datetime, calls: int = 0) -> ServerRow:
    """Return a server's table row; `calls` is the count of the last 24 hours."""
    status = server.status(now)
    ends_soon = status != MCPServer.Status.EXPIRED and server.expires_at is not None and server.expires_at - now < SOON
    return ServerRow(server, exposed_by(server), methods_in_words(server.methods), status, ends_soon, calls)


def server_for(request: PortalRequest, account_id: UUID, server_id: UUID, role: Role = Role.VIEWER) -> MCPServer:
    """Return a server of an account in which the visitor has `role`; raise Http404 or PermissionDenied."""
    account = account_for(request, account_id, role)
    server = account.mcp_servers.filter(pk=server_id).first()
    if server is None:
        raise Http404("There is no such MCP server. It may have ended or been deleted.")
    server.account = account  # saves a query
    return server


@require_safe
@signed_in
def list_servers(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Show an account's MCP servers."""
    account = account_for(request, account_id)
    filters = ServerFilter(request.GET)
    page = Paginator(filters.narrow(account.mcp_servers.all()), PAGE).get_page(request.GET.get("page"))
    now, calls = timezone.now(), calls_lately([server.pk for server in page])
    context = {
        "account": account,
        "tab": "mcp-servers",
        "page": page,
        "filters": filters if filters.given or page.paginator.count > FEW else None,
        "rows": [row_of(server, now, calls.get(server.pk, 0)) for server in page],
    }
    return render(request, "mcpservers/list.html", context)


@require_safe
@signed_in
def show_server(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Show one server and the tools that it exposes."""
    server = server_for(request, account_id, server_id)
    calls = calls_lately([server.pk]).get(server.pk, 0)
    row = row_of(server, timezone.now(), calls)
    context = {"account": server.account, "tab": "mcp-servers", "row": row, "server": server}
    if server.sign_in:
        context |= {**given_to_clients(server, address_of(server.pk)), **connections_of(server)}
    return render(request, "mcpservers/server.html", context)


@require_safe
@signed_in
def connection(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Return the fragment that shows whether a client has connected; the page polls it until one has."""
    request.session.is_background = True  # polling must not keep an unattended session alive
    server = server_for(request, account_id, server_id)
    context = {"account": server.account, "server": server, "exposure": exposed_by(server)}
    return render(request, "mcpservers/connection.html", context)


@require_POST
@signed_in
def test(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Connect to the server as a client would, and show what it sees."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    context = {
        "account": server.account,
        "tab": "mcp-servers",
        "server": server,
        "status": server.status(),
        "seen": rehearse(server),
    }
    return render(request, "mcpservers/test.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@recently_authenticated
def create(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Ask for a server's settings; on POST, create it and show its URL once."""
    account = account_for(request, account_id, Role.OPERATOR)
    form = ServerForm(catalogue_of(account.integration), request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            server, token = create_server(account, request.user, **form.chosen)
        except PolicyRefused as refused:
            form.refuse(refused)
        else:
            return show_once(request, server, token)
    context = {"account": account, "tab": "mcp-servers", "form": form, **consequences(account, form)}
    return render(request, "mcpservers/create.html", context, status=REFUSED if form.is_bound else None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Change a server's settings, effective at once; its URL does not change."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    had_url = not server.sign_in
    catalogue = catalogue_of(server.account.integration)
    form = ServerForm(catalogue, request.POST if request.method == "POST" else None, server=server)
    if form.is_valid():
        try:
            change_server(server, request.user, **form.changed)
        except PolicyRefused as refused:
            form.refuse(refused)
        else:
            return _changed(request, server, had_url=had_url)
    context = {
        "account": server.account,
        "tab": "mcp-servers",
        "form": form,
        "server": server,
        **consequences(server.account, form),
    }
    return render(request, "mcpservers/edit.html", context, status=REFUSED if form.is_bound else None)


def _changed(request: PortalRequest, server: MCPServer, *, had_url: bool) -> HttpResponse:
    """Say what became of a changed server's URL, and lead to where a new one is made if it has none."""
    if server.sign_in == had_url:
        words = (
            f"People sign in to {server.name} now: its URL has ended, and its address is below."
            if server.sign_in
            else f"{server.name} no longer asks for sign-in: its connections have ended. Make its URL now."
        )
        tell(request, words)
        return redirect("mcp-server" if server.sign_in else "mcp-server-rotate", server.account_id, server.pk)
    tell(request, f"{server.name} was changed for all its clients. Its URL is the same.")
    return redirect("mcp-server", server.account_id, server.pk)


@require_POST
@signed_in
def preview(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Return the fragment that shows what a server with the form's settings would expose."""
    account = account_for(request, account_id, Role.OPERATOR)
    form = ServerForm(catalogue_of(account.integration), request.POST)
    form.is_valid()  # for cleaned_data: the preview also works with an incomplete form
    return render(request, "mcpservers/consequences.html", {"account": account, **consequences(account, form)})


def consequences(account: IntegratedAccount, form: ServerForm) -> dict[str, object]:
    """Return the preview's context; the form may be incomplete."""
    if not form.is_bound:
        # A new form has no cleaned_data: bind it to its own initial values.
        shown = {name: form[name].value() for name in form.fields}
        form = ServerForm(catalogue_of(account.integration), {name: value for name, value in shown.items() if value})
        form.is_valid()
    return {
        "exposure": exposure_of(
            account,
            form.chosen_methods,
            form.chosen_tags,
            form.chosen_tools,
            search_mode=form.cleaned_data.get("search_mode", False),
        ),
        "methods_missing": "methods" in form.errors,
        "expires_at": form.expires_at,
        "authentication": form.chosen_authentication,
    }
