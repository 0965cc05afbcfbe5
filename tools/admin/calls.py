"""Admin pages of this app: the record of calls here, documentation records and integrations in their own modules."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin.pages import Label, RecordAdmin, labelled, linked, moment, mono, pretty_json
from accounts.models import IntegratedAccount
from tools.admin.documentation import DocumentationAdmin
from tools.admin.integrations import IntegrationAdmin
from tools.models import Call
from tools.record.activity import SEARCHED, newest_of, words_of

OUTCOME_COLOURS = {
    "ok": "success", "pending": "info", "cancelled": "info", "invalid": "warning", "rate_limited": "warning",
    "busy": "warning", "refused": "danger", "unreachable": "danger", "unusable": "danger", "failed": "danger",
    "unknown": "danger",
}  # fmt: skip


class AccessFilter(admin.SimpleListFilter):
    """Whether the tool reads or writes. The choices are fixed, so that the record of calls is not searched for them."""

    title = "access"
    parameter_name = "access"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("read", "Reads"), ("write", "Writes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        return queryset.filter(access=self.value()) if self.value() in {"read", "write"} else queryset


@admin.register(Call)
class CallAdmin(RecordAdmin):
    """Who called which tool, with which outcome."""

    list_display = ("when", "tool_called", "account_name", "via", "client", "ended", "upstream_status", "took")
    list_display_links = ("when", "tool_called")
    list_filter = ("outcome", "via", "transport", AccessFilter, "started_at")
    search_fields = ("tool", "person", "client", "framework", "revision", "client_address", "error")
    search_help_text = (
        f"Looks at tool, client, its make and address, revision and error of the newest {SEARCHED:,} calls."
    )
    fieldsets = (
        (None, {"fields": ("tool_called", "access", "ended", "error", "started_at", "took")}),
        (
            "Who",
            {
                "fields": (
                    "account_name",
                    ("via", "transport", "revision"),
                    "client",
                    "framework",
                    "client_address",
                    "server",
                    "token_id",
                    "person",
                    "environment_id",
                )
            },
        ),
        ("What was sent", {"fields": ("arguments_shown",)}),
        ("Composite", {"fields": ("step", "trace_id")}),
        ("What came back", {"fields": ("upstream_status", "upstream_ms", "upstream_bytes", "result_chars")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        """Annotate each call with its account's name, if the account still exists, in the same query."""
        names = IntegratedAccount.objects.filter(pk=OuterRef("account_id")).values("name")
        calls: QuerySet[Call] = super().get_queryset(request).annotate(account_name=Subquery(names))
        return calls

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        """Search only the newest calls: no index covers these fields."""
        if search_term:
            queryset = newest_of(queryset, SEARCHED)
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="When", ordering="started_at")
    def when(self, call: Call) -> SafeString:
        return moment(call.started_at)

    @admin.display(description="Tool", ordering="tool")
    def tool_called(self, call: Call) -> SafeString:
        return mono(call.tool)

    @admin.display(description="Account")
    def account_name(self, call: Any) -> Any:
        if call.account_name is None:
            return f"{call.account_id} (gone)"
        return linked("accounts_integratedaccount_change", call.account_name, call.account_id)

    @admin.display(description="MCP server")
    def server(self, call: Call) -> str:
        return str(call.server_id or "–")

    @labelled(description="Outcome", colours=OUTCOME_COLOURS, ordering="outcome")
    def ended(self, call: Call) -> Label:
        return Label(call.outcome, words_of(call.outcome))

    @admin.display(description="Took", ordering="duration_ms")
    def took(self, call: Call) -> str:
        return "–" if call.duration_ms is None else f"{call.duration_ms:,.0f} ms"

    @admin.display(description="Arguments")
    def arguments_shown(self, call: Call) -> SafeString:
        """The arguments; secrets were masked when the call was recorded."""
        return pretty_json(call.arguments)


__all__ = ["CallAdmin", "DocumentationAdmin", "IntegrationAdmin"]
