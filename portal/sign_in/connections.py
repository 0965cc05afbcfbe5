"""Connections on pages: who allowed which client what, and how they are ended."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Membership, Role
from mcpservers.models import MCPServer, PersonConnection
from mcpservers.sign_in.consents import end_connections
from portal.requests import PortalRequest, account_for, signed_in, tell

MOST = 200


def connections_of(server: MCPServer) -> dict[str, Any]:
    """Return the context of a server's connections."""
    rows = PersonConnection.objects.filter(server=server).select_related("user", "client", "server")
    return {"connections": rows[:MOST]}


@require_safe
@signed_in
def of_account(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Show the connections to all servers of an account."""
    account = account_for(request, account_id)
    rows = PersonConnection.objects.filter(server__account=account).select_related("user", "client", "server")
    context = {"account": account, "tab": "mcp-servers", "connections": rows[:MOST], "of_servers": True}
    return render(request, "sign_in/account_connections.html", context)


@require_safe
@signed_in
def own(request: PortalRequest) -> HttpResponse:
    """Show what the signed-in person has allowed clients, in every environment."""
    rows = PersonConnection.objects.filter(user=request.user).select_related("client", "server", "user")
    context = {"connections": rows[:MOST], "of_person": True, "of_servers": True}
    return render(request, "sign_in/own_connections.html", context)


@require_POST
@signed_in
def end(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """End a connection, or with `all` every connection of its person in the environment."""
    rows = PersonConnection.objects.select_related("server__account__environment", "user", "client")
    connection = rows.filter(pk=connection_id).first()
    visitor = _membership(request, connection) if connection is not None else None
    if connection is None or visitor is None:
        raise Http404("There is no such connection. It may have ended already.")
    if connection.user_id != request.user.pk and not visitor.may(Role.ADMIN):
        raise PermissionDenied("Only the person, or an admin of the environment, ends a connection.")
    ended = rows.filter(pk=connection.pk)
    if "all" in request.POST:
        ended = rows.filter(user=connection.user, server__account__environment=visitor.environment_id)
    count = end_connections(ended, request.user)
    tell(request, f"{count} connection{'' if count == 1 else 's'} of {connection.user.get_username()} ended.")
    if request.POST.get("from") == "profile":
        return redirect("profile-connections")
    return redirect(reverse("mcp-server", args=[connection.server.account_id, connection.server_id]))


def _membership(request: PortalRequest, connection: PersonConnection) -> Membership | None:
    """Return the visitor's membership where a connection is."""
    environment = connection.server.account.environment_id
    return next((each for each in request.visit.memberships if each.environment_id == environment), None)
