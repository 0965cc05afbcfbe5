"""Admin pages of this app: documentation records with their preview, the record of calls.

The page of integrations and their bundles is in admin_integrations.py.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.admin_pages import Label, ModelAdmin, RecordAdmin, labelled, linked, moment, mono, person, pretty_json
from accounts.models import IntegratedAccount
from tools.admin_integrations import IntegrationAdmin
from tools.forms import DocumentationForm
from tools.models import Call, Documentation
from tools.preview import DRAFT, EXPOSED, WITHDRAWN, Preview, preview_of, stored_preview

STATE_COLOURS = {EXPOSED: "success", DRAFT: "warning", WITHDRAWN: "info"}
OUTCOME_COLOURS = {
    "ok": "success", "pending": "info", "cancelled": "info", "invalid": "warning", "rate_limited": "warning",
    "refused": "danger", "unreachable": "danger", "unusable": "danger", "failed": "danger",
}  # fmt: skip


class GateFilter(admin.SimpleListFilter):
    """Records by what the quality gate says of them."""

    title = "quality gate"
    parameter_name = "gate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the three states."""
        return [(EXPOSED, "Passes"), (DRAFT, "Draft"), (WITHDRAWN, "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> QuerySet[Documentation]:
        """Keep those in the chosen state; the gate is code, so it is asked here and not in the database."""
        wanted = self.value()
        if wanted is None:
            return queryset
        rows = queryset.select_related("integration")
        return queryset.filter(pk__in=[row.pk for row in rows if stored_preview(row).state == wanted])


@admin.register(Documentation)
class DocumentationAdmin(ModelAdmin):
    """What models are told of each method, beside what that comes to."""

    form = DocumentationForm
    list_display = ("tool", "integration", "place", "gate", "tokens", "published", "edited", "changed")
    list_filter = ("integration", GateFilter, "published")
    list_select_related = ("integration", "updated_by")
    search_fields = ("tool_name", "title", "description", "resource", "method")
    autocomplete_fields = ("integration",)
    actions = ("publish", "withdraw")
    compressed_fields = False
    fieldsets = (
        ("Method", {"fields": (("integration", "resource", "method"), "published")}),
        ("Words", {"fields": ("title", "description", "tool_name")}),
        ("Arguments", {"fields": ("query_schema", "body_schema")}),
        ("Result", {"fields": ("response_schema",)}),
        ("Record", {"fields": (("edited", "changed"),)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Documentation | None = None) -> Any:
        """Leave out what a new record does not have yet."""
        return self.fieldsets if obj else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Documentation | None = None) -> tuple[str, ...]:
        """Fix which method a record documents once it exists: bundles know it by that."""
        fixed = ("edited", "changed")
        return fixed if obj is None else ("integration", "resource", "method", *fixed)

    def get_urls(self) -> list[URLPattern]:
        """Add the live preview."""
        preview = self.admin_site.admin_view(require_POST(self.preview_view))
        return [path("preview/", preview, name="tools_documentation_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Answer the panel for values that are not saved; nothing is changed."""
        record = None
        if request.GET.get("record", "").isdigit():
            record = get_object_or_404(Documentation.objects.select_related("integration"), pk=request.GET["record"])
        if not (self.has_change_permission(request, record) if record else self.has_add_permission(request)):
            raise PermissionDenied
        form: Any = self.get_form(request, record, change=record is not None)(request.POST, instance=record)
        context = {**_panel(preview_of(form.instance, form.problems())), "unsaved": True}
        return render(request, "admin/tools/documentation/preview.html", context)

    def render_change_form(  # noqa: PLR0917  Django's signature
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Put the preview beside the form: of what was typed where it was refused, of what is saved otherwise."""
        form, url = context["adminform"].form, reverse("admin:tools_documentation_preview")
        if form.is_bound:
            context.update(_panel(preview_of(form.instance, form.problems())))
        elif obj is not None:
            context.update(_panel(preview_of(obj)))
        context["unsaved"] = form.is_bound
        context["preview_url"] = url if obj is None else f"{url}?record={obj.pk}"
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Documentation, form: Any, change: bool) -> None:
        """Save under the editor's name, with a trace; say so when the record stays a draft."""
        obj.updated_by = person(request)
        obj.save()
        _note(request, obj, "changed" if change else "created", changed=form.changed_data)
        shown = preview_of(obj)
        if shown.state == DRAFT:
            self.message_user(request, f"Saved as a draft: {_count(shown)}. Models do not see it.", messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Documentation) -> None:
        """Delete with a trace; the tool is gone at once."""
        with transaction.atomic():
            _note(request, obj, "deleted")
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> None:
        """Delete one by one, so that each is told and noted."""
        for row in queryset.select_related("integration"):
            self.delete_model(request, row)

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> None:
        """Publish withdrawn records, and name those that the gate holds back."""
        rows = self._switch(request, queryset, published=True)
        self.message_user(request, f"{len(rows)} records published.")
        held = [row.key for row in rows if preview_of(row).state == DRAFT]
        if held:
            self.message_user(request, f"Still drafts, so not exposed: {', '.join(held)}.", messages.WARNING)

    @admin.action(description="Withdraw: take their tools away", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> None:
        """Withdraw published records."""
        rows = self._switch(request, queryset, published=False)
        self.message_user(
            request, f"{len(rows)} records withdrawn. Their text is kept; models no longer see the tools."
        )

    @transaction.atomic
    def _switch(
        self, request: HttpRequest, queryset: QuerySet[Documentation], *, published: bool
    ) -> list[Documentation]:
        rows = list(queryset.exclude(published=published).select_related("integration"))
        for row in rows:
            row.published, row.updated_by = published, person(request)
            row.save()
            _note(request, row, "published" if published else "withdrawn")
        return rows

    @admin.display(description="Tool", ordering="resource")
    def tool(self, record: Documentation) -> SafeString:
        """The tool's name; below it, why a draft is none."""
        shown = stored_preview(record)
        reasons = format_html_join("", "<li>{}</li>", ((reason,) for reason in shown.reasons))
        return (
            format_html('{}<ul class="pb-reasons">{}</ul>', mono(shown.name), reasons) if reasons else mono(shown.name)
        )

    @admin.display(description="Method", ordering="resource")
    def place(self, record: Documentation) -> SafeString:
        """The place in the definition that it documents."""
        return mono(record.key)

    @labelled(description="Quality gate", colours=STATE_COLOURS)
    def gate(self, record: Documentation) -> Label:
        """Whether it makes a tool."""
        shown = stored_preview(record)
        words = {EXPOSED: "Passes", WITHDRAWN: "Withdrawn"}.get(shown.state, f"Draft · {_count(shown)}")
        return Label(shown.state, words)

    @admin.display(description="Tokens")
    def tokens(self, record: Documentation) -> str:
        """About what the tool costs a model that has it in its list."""
        count = stored_preview(record).tokens
        return "–" if count is None else f"{count:,}"

    @admin.display(description="Text")
    def edited(self, record: Documentation) -> SafeString:
        """Whether it differs from the bundle that brought it, so that loading the bundle again keeps it."""
        if record.is_edited:
            return format_html("<strong>{}</strong>", "edited")
        return format_html('<span class="pb-quiet">{}</span>', "loaded")

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, record: Documentation) -> SafeString:
        """When it changed last, and whose change it was."""
        by = record.updated_by
        return format_html("{} by {}", moment(record.updated_at), by) if by else moment(record.updated_at)


def _panel(shown: Preview) -> dict[str, Any]:
    """Return what the preview's template shows."""
    if shown.listed is None:
        return {"preview": shown}
    return {
        "preview": shown,
        "tokens": f"{shown.tokens:,}",
        "schema": pretty_json(shown.listed["inputSchema"]),
        "annotations": pretty_json(shown.listed["annotations"]),
    }


def _count(shown: Preview) -> str:
    return "1 problem" if len(shown.reasons) == 1 else f"{len(shown.reasons)} problems"


def _note(request: HttpRequest, record: Documentation, action: str, **details: Any) -> None:
    audit.record(
        person(request),
        f"documentation.{action}",
        environment_id=None,
        target_id=record.pk,
        target_name=str(record),
        details=details,
    )


@admin.register(Call)
class CallAdmin(RecordAdmin):
    """Who called which tool, with which outcome."""

    list_display = ("when", "tool_called", "account_name", "via", "client", "ended", "upstream_status", "took")
    list_display_links = ("when", "tool_called")
    list_filter = ("outcome", "via", "access", "started_at")
    search_fields = ("tool", "client", "error")
    date_hierarchy = "started_at"
    fieldsets = (
        (None, {"fields": ("tool_called", "access", "ended", "error", "started_at", "took")}),
        ("Who", {"fields": ("account_name", "via", "client", "server", "token_id", "environment_id")}),
        ("What was sent", {"fields": ("arguments_shown",)}),
        ("What came back", {"fields": ("upstream_status", "upstream_ms", "upstream_bytes", "result_chars")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        """Name each call's account in the same query, where it still exists."""
        names = IntegratedAccount.objects.filter(pk=OuterRef("account_id")).values("name")
        calls: QuerySet[Call] = super().get_queryset(request).annotate(account_name=Subquery(names))
        return calls

    @admin.display(description="When", ordering="started_at")
    def when(self, call: Call) -> SafeString:
        """When it began."""
        return moment(call.started_at)

    @admin.display(description="Tool", ordering="tool")
    def tool_called(self, call: Call) -> SafeString:
        """The tool's name."""
        return mono(call.tool)

    @admin.display(description="Account")
    def account_name(self, call: Any) -> Any:
        """The account, where it still exists."""
        if call.account_name is None:
            return f"{call.account_id} (gone)"
        return linked("accounts_integratedaccount_change", call.account_name, call.account_id)

    @admin.display(description="MCP server")
    def server(self, call: Call) -> str:
        """The id of the server that it came through."""
        return str(call.server_id or "–")

    @labelled(description="Outcome", colours=OUTCOME_COLOURS, ordering="outcome")
    def ended(self, call: Call) -> Label:
        """How it ended."""
        return Label(call.outcome, "Pending" if call.outcome == "pending" else Call.Outcome(call.outcome).label)

    @admin.display(description="Took", ordering="duration_ms")
    def took(self, call: Call) -> str:
        """How long it took."""
        return "–" if call.duration_ms is None else f"{call.duration_ms:,.0f} ms"

    @admin.display(description="Arguments")
    def arguments_shown(self, call: Call) -> SafeString:
        """The arguments, secrets masked when they were recorded."""
        return pretty_json(call.arguments)


__all__ = ["CallAdmin", "DocumentationAdmin", "IntegrationAdmin"]
