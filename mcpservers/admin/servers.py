"""The admin pages of MCP servers: find, pause, resume, change within the policy, delete."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.admin.pages import Label, ModelAdmin, labelled, linked, moment, mono, person
from accounts.texts.counting import counted
from mcpservers.admin.forms import ServerAdminForm
from mcpservers.deletion import delete_server
from mcpservers.lifecycle import change_server, pause_server, resume_server
from mcpservers.models import MCPServer
from mcpservers.search.exposure import Exposure, exposed_by


class StatusFilter(admin.SimpleListFilter):
    """Filter servers by status."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return MCPServer.Status.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[MCPServer]:
        chosen = self.value()
        rows: QuerySet[MCPServer] = queryset
        return queryset.in_status(chosen) if chosen in MCPServer.Status.values else rows


@admin.register(MCPServer)
class MCPServerAdmin(ModelAdmin):
    """MCP servers; they are created in the portal or over REST, where their URL is shown once."""

    audit_kind = "mcp_server"
    form = ServerAdminForm
    list_display = ("name", "ends_in", "state", "account", "environment", "filters", "calls", "ends", "created_by")
    list_filter = (StatusFilter, "require_api_token_auth", "account__integration", "account__environment")
    list_select_related = ("account__environment", "account__integration")
    search_fields = ("name", "account__name", "account__environment__name", "=last_four")
    actions = ("pause", "resume")
    compressed_fields = False
    fieldsets = (
        (None, {"fields": ("name", ("state", "ends_in", "calls"), ("account", "environment", "created_by"))}),
        ("What it opens", {"fields": ("methods", "tags", "tools", "search_mode", "exposes")}),
        ("What results look like", {"fields": ("results", "output_schema")}),
        ("Who may use it, and how long", {"fields": ("require_api_token_auth", "expires_at", ("created", "changed"))}),
    )
    readonly_fields = (
        "state", "ends_in", "calls", "account", "environment", "created_by", "exposes", "created", "changed",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse, since a server's URL is shown only once, and not here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[MCPServer]:
        """Load the related rows that the form and the columns read."""
        rows: QuerySet[MCPServer] = super().get_queryset(request).select_related(*self.list_select_related)
        return rows

    def save_model(self, request: HttpRequest, obj: MCPServer, form: Any, change: bool) -> None:
        """Change through the policy, which also records old and new values."""
        # The form has put the new values on `obj` already; the policy compares with what is stored.
        change_server(self.get_queryset(request).get(pk=obj.pk), person(request), **form.settings())

    def delete_model(self, request: HttpRequest, obj: MCPServer) -> None:
        """Delete through the policy, which records it."""
        delete_server(obj, person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MCPServer]) -> None:
        """Delete each server by itself, since a bulk deletion would record and announce nothing."""
        for server in queryset:
            delete_server(server, person(request))

    @admin.action(description="Pause: refuse every client", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[MCPServer]) -> None:
        servers = list(queryset.filter(paused_at=None))
        for server in servers:
            pause_server(server, person(request))
        self.message_user(request, f"{len(servers)} MCP servers paused. Clients are refused until they are resumed.")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[MCPServer]) -> None:
        servers = list(queryset.exclude(paused_at=None))
        for server in servers:
            resume_server(server, person(request))
        self.message_user(request, f"{len(servers)} MCP servers resumed.")

    @admin.display(description="URL ends in", ordering="last_four")
    def ends_in(self, server: MCPServer) -> SafeString:
        """Show the last four characters of the token; no more of it is stored."""
        return mono(f"…{server.last_four}")

    @labelled(description="State", colours={"live": "success", "paused": "warning", "expired": "info"})
    def state(self, server: MCPServer) -> Label:
        status = server.status()
        return Label(status, status.label)

    @admin.display(description="Environment", ordering="account__environment__name")
    def environment(self, server: MCPServer) -> str:
        return server.account.environment.name

    @admin.display(description="Opens")
    def filters(self, server: MCPServer) -> str:
        methods, tags = ", ".join(server.methods), ", ".join(server.tags)
        names = f"{len(server.tools)} named" if server.tools else ""
        search = "search mode" if server.search_mode else ""
        return " · ".join(part for part in (methods or "all methods", tags and f"tagged {tags}", names, search) if part)

    @admin.display(description="Calls")
    def calls(self, server: MCPServer) -> SafeString:
        return linked("tools_call_changelist", "Record of calls", query=f"?server_id={server.pk}")

    @admin.display(description="Ends", ordering="expires_at")
    def ends(self, server: MCPServer) -> SafeString:
        return moment(server.expires_at)

    @admin.display(description="Created", ordering="created_at")
    def created(self, server: MCPServer) -> SafeString:
        return moment(server.created_at)

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, server: MCPServer) -> SafeString:
        return moment(server.updated_at)

    @admin.display(description="Exposes")
    def exposes(self, server: MCPServer) -> SafeString:
        """Show the tools that the stored filters expose, and what they cost."""
        # The form may have put unsaved settings on `server`.
        stored = MCPServer.objects.select_related("account__integration").get(pk=server.pk)
        exposure = exposed_by(stored)
        names = format_html_join("", "<li>{}</li>", ((mono(tool.name),) for tool in exposure.tools))
        return format_html('{}<ul class="pb-names">{}</ul>', _cost(exposure), names)


def _cost(exposure: Exposure) -> str:
    found = ", found by search" if exposure.search_mode else ""
    cost = f"{counted(len(exposure.tools), 'tool')}{found}, about {counted(exposure.tokens, 'token')}."
    return f"{cost} {exposure.advice}".strip()
