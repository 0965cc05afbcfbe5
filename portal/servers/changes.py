"""Actions on an existing MCP server: pause, resume, rotate, delete."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Role
from accounts.signing_in.reauthentication import recently_authenticated
from accounts.web.refusals import REFUSED
from mcpservers.deletion import delete_server
from mcpservers.lifecycle import end_grace, pause_server, resume_server, rotate_token
from mcpservers.models import MCPServer
from portal.requests import PortalRequest, signed_in, tell, warn
from portal.servers.forms import RotateForm
from portal.servers.url_shown import show_once
from portal.servers.views import server_for
from tools.record.usage import server_use


@require_POST
@signed_in
def pause(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Refuse a server's clients until it is resumed."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    pause_server(server, request.user)
    undo = reverse("mcp-server-resume", args=[account_id, server_id])
    tell(request, f"{server.name} is paused: clients that use its URL are refused.", undo=undo)
    return redirect("mcp-servers", account_id)


@require_POST
@signed_in
def resume(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Accept a paused server's clients again."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    resume_server(server, request.user)
    tell(request, f"{server.name} is live again: the same URL works.")
    return redirect("mcp-servers", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@recently_authenticated
def rotate(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Show what a new URL breaks; on POST, create it and show it once."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    if server.sign_in:
        warn(request, f"People sign in to {server.name}: it has no URL that could be replaced.")
        return redirect("mcp-server", account_id, server_id)
    form = RotateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        token = rotate_token(server, request.user, grace=form.period)
        return show_once(request, server, token, rotated=True)
    return _confirm(request, server, "mcpservers/rotate.html", form=form)


@require_POST
@signed_in
def drop_previous(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """End the grace period in which the previous URL still works."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    end_grace(server, request.user)
    tell(request, f"The previous URL of {server.name} is refused from now on.")
    return redirect("mcp-server", account_id, server_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: PortalRequest, account_id: UUID, server_id: UUID) -> HttpResponse:
    """Show what a deletion breaks; on POST, delete the server."""
    server = server_for(request, account_id, server_id, Role.OPERATOR)
    if request.method == "POST":
        delete_server(server, request.user)
        tell(request, f"{server.name} is deleted: its URL is refused from now on.")
        return redirect("mcp-servers", account_id)
    return _confirm(request, server, "mcpservers/delete.html")


def _confirm(
    request: PortalRequest, server: MCPServer, template: str, *, form: RotateForm | None = None
) -> HttpResponse:
    context = {
        "account": server.account,
        "tab": "mcp-servers",
        "server": server,
        "usage": server_use([server.pk]),
        "form": form,
    }
    return render(request, template, context, status=REFUSED if form is not None and form.is_bound else None)
