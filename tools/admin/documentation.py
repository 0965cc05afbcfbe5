"""The admin pages of documentation records: the list with verdicts, the editor with the tool beside it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts.admin.pages import Label, ModelAdmin, labelled, moment, mono, person, pretty_json
from accounts.texts.counting import counted
from tools.admin.forms import DocumentationForm
from tools.admin.history import WithHistory
from tools.admin.trying import WithTrying
from tools.admin.usage import WithUsage
from tools.documentation.editing import RECORD_FIELDS, delete_record, save_record, switch_records
from tools.documentation.lint import LintFinding
from tools.documentation.preview import DRAFT, EXPOSED, WITHDRAWN, Preview, preview_of, stored_preview
from tools.documentation.publishing import MOST_AT_ONCE
from tools.documentation.verdicts import ensure_fresh
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS

STATE_COLOURS = {EXPOSED: "success", DRAFT: "warning", WITHDRAWN: "info"}
GOOD, FAIR = 80, 50
FIRST_FINDINGS = 3
CHOOSE = "Integrations, Review drafts shows them in groups with their tokens, and publishes as many as you confirm."
METHOD_FIELDS = ("integration", "resource", "method")


class GateFilter(admin.SimpleListFilter):
    """Records by the quality gate's verdict."""

    title = "quality gate"
    parameter_name = "gate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(EXPOSED, "Passes"), (DRAFT, "Draft"), (WITHDRAWN, "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> QuerySet[Documentation]:
        wanted = self.value()
        return queryset if wanted is None else queryset.filter(verdict__state=wanted)


class ScoreFilter(admin.SimpleListFilter):
    """Records by their lint score."""

    title = "score"
    parameter_name = "score"
    BANDS = {
        "good": (f"Good: {GOOD} and more", Q(verdict__score__gte=GOOD)),
        "fair": (f"Fair: {FAIR} to {GOOD - 1}", Q(verdict__score__gte=FAIR, verdict__score__lt=GOOD)),
        "poor": (f"Poor: below {FAIR}", Q(verdict__score__lt=FAIR)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, words) for key, (words, _) in self.BANDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> QuerySet[Documentation]:
        wanted = self.value()
        return queryset.filter(self.BANDS[wanted][1]) if wanted in self.BANDS else queryset


@admin.register(Documentation)
class DocumentationAdmin(WithUsage, WithTrying, WithHistory, ModelAdmin):
    """Documentation records, edited beside the tool that each of them makes."""

    form = DocumentationForm
    list_display = ("tool", "integration", "gate", "score", "tokens", "calls", "failed", "edited", "changed")
    list_filter = ("integration", GateFilter, ScoreFilter, "published")
    list_select_related = ("integration", "updated_by", "verdict")
    search_fields = ("tool_name", "title", "description", "resource", "method")
    autocomplete_fields = ("integration",)
    actions = ("publish", "withdraw")
    actions_list = ("show_deleted",)
    history_fields = RECORD_FIELDS
    restored_fields = CONTENT_FIELDS
    compressed_fields = False
    fieldsets = (
        ("Method", {"fields": (METHOD_FIELDS, "published")}),
        ("Words", {"fields": ("title", "description", "tool_name")}),
        ("Arguments", {"fields": ("query_schema", "body_schema", "examples")}),
        ("Result", {"fields": ("response_schema",)}),
        ("Record", {"fields": (("edited", "changed"),)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Documentation | None = None) -> Any:
        """Leave out the fields that a new record does not have yet."""
        return self.fieldsets if obj else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Documentation | None = None) -> tuple[str, ...]:
        """Make the method read-only once a record exists: bundles identify the record by it."""
        fixed = ("edited", "changed")
        return fixed if obj is None else (*METHOD_FIELDS, *fixed)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Documentation]:
        """Refresh the verdicts first: the list is filtered and sorted by them."""
        ensure_fresh()
        rows: QuerySet[Documentation] = super().get_queryset(request)
        return rows

    def get_urls(self) -> list[URLPattern]:
        """Add the live preview."""
        preview = self.admin_site.admin_view(require_POST(self.preview_view))
        return [path("preview/", preview, name="tools_documentation_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Render the preview panel for unsaved values; change nothing."""
        record = None
        if request.GET.get("record", "").isdigit():
            record = self.row_or_404(request, request.GET["record"])
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
        """Show a preview beside the form: of the typed values after a refusal, of the saved ones otherwise."""
        form, url = context["adminform"].form, reverse("admin:tools_documentation_preview")
        shown: Preview | None = None
        if form.is_bound:
            shown = preview_of(form.instance, form.problems())
        elif obj is not None:
            shown = preview_of(obj)
        if shown is not None:
            context.update(_panel(shown))
        if obj is not None and shown is not None and self.has_change_permission(request, obj):
            context.update(self.try_panel(request, obj, shown))
        if obj is not None and shown is not None:
            may_see_calls = request.user.has_perm("tools.view_call")
            context.update(self.usage_panel(obj, stored_preview(obj).name, may_see_calls=may_see_calls))
            context["may_see_calls"] = may_see_calls
        context["unsaved"] = form.is_bound
        context["preview_url"] = url if obj is None else f"{url}?record={obj.pk}"
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Documentation, form: Any, change: bool) -> None:
        """Save under the editor's name, with an audit entry; warn when the record stays a draft."""
        if not save_record(person(request), obj):
            return
        shown = preview_of(obj)
        if shown.state == DRAFT:
            self.message_user(request, f"Saved as a draft: {_count(shown)}. Models do not see it.", messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Documentation) -> None:
        """Delete with an audit entry; the tool is gone at once."""
        delete_record(person(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> None:
        """Delete one by one, so that each deletion is announced and audited."""
        for row in queryset.select_related("integration"):
            self.delete_model(request, row)

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> None:
        """Publish withdrawn records and name the ones that the gate holds back; more than MOST_AT_ONCE not here."""
        count = queryset.exclude(published=True).count()
        if count > MOST_AT_ONCE:
            words = f"Nothing was published: {count:,} records are too many at once. {CHOOSE}"
            self.message_user(request, words, messages.WARNING)
            return
        rows = self._switch(request, queryset, published=True)
        self.message_user(request, f"{_records(rows)} published.")
        # Publishing made the verdicts stale.
        ensure_fresh()
        switched = Documentation.objects.filter(pk__in=[row.pk for row in rows], verdict__state=DRAFT)
        held = [row.key for row in switched]
        if held:
            self.message_user(request, f"Still drafts, so not exposed: {', '.join(held)}.", messages.WARNING)

    @admin.action(description="Withdraw: take their tools away", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Documentation]) -> None:
        rows = self._switch(request, queryset, published=False)
        self.message_user(request, f"{_records(rows)} withdrawn. The text is kept; models no longer see the tools.")

    def _switch(
        self, request: HttpRequest, queryset: QuerySet[Documentation], *, published: bool
    ) -> list[Documentation]:
        rows = list(queryset.exclude(published=published).select_related("integration"))
        switch_records(person(request), rows, published=published)
        return rows

    def version_values(self, row: Any, obj: Documentation | None) -> dict[str, Any]:
        """Keep whether a live record is published; a deleted one comes back as it was."""
        values = super().version_values(row, obj)
        if obj is None:
            values |= {"integration": row.integration_id, "resource": row.resource, "method": row.method}
        if (obj or row).published:
            values["published"] = "on"
        return values

    def name_of_version(self, row: Any) -> str:
        """Name a deleted record by its method, since its integration may be gone as well."""
        return f"{row.resource}.{row.method}"

    @admin.display(description="Tool", ordering="resource")
    def tool(self, record: Documentation) -> SafeString:
        """The tool's name, with the documented method below it and the reasons why a draft makes none."""
        shown = stored_preview(record)
        name = format_html('{}<div class="pb-quiet">{}</div>', mono(shown.name), record.key)
        reasons = format_html_join("", "<li>{}</li>", ((reason,) for reason in shown.reasons))
        return format_html('{}<ul class="pb-reasons">{}</ul>', name, reasons) if reasons else name

    @labelled(description="Quality gate", colours=STATE_COLOURS, ordering="verdict__state")
    def gate(self, record: Documentation) -> Label:
        shown = stored_preview(record)
        words = {EXPOSED: "Passes", WITHDRAWN: "Withdrawn"}.get(shown.state, f"Draft · {_count(shown)}")
        return Label(shown.state, words)

    @admin.display(description="Score", ordering="verdict__score")
    def score(self, record: Documentation) -> SafeString:
        """The lint score, with the first findings on hover."""
        shown = stored_preview(record)
        return _meter(shown.score, shown.findings)

    @admin.display(description="Tokens", ordering="verdict__tokens")
    def tokens(self, record: Documentation) -> str:
        """Roughly what the tool costs a model that lists it."""
        count = stored_preview(record).tokens
        return "–" if count is None else f"{count:,}"

    @admin.display(description="Text")
    def edited(self, record: Documentation) -> SafeString:
        """Whether it differs from the bundle it was loaded from; loading the bundle again then keeps it."""
        if record.is_edited:
            return format_html("<strong>{}</strong>", "edited")
        return format_html('<span class="pb-quiet">{}</span>', "loaded")

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, record: Documentation) -> SafeString:
        """When it last changed, and by whom."""
        by = record.updated_by
        return format_html("{} by {}", moment(record.updated_at), by) if by else moment(record.updated_at)


def _panel(shown: Preview) -> dict[str, Any]:
    """Return the context of the preview's template."""
    judged = {"preview": shown, "meter": _meter(shown.score), "findings": shown.findings}
    if shown.listed is None:
        return judged
    return {
        **judged,
        "tokens": f"{shown.tokens:,}",
        "schema": pretty_json(shown.listed["inputSchema"]),
        "annotations": pretty_json(shown.listed["annotations"]),
    }


def _meter(score: int | None, findings: Iterable[LintFinding] = ()) -> SafeString:
    """Render a score as a number and a bar; screen readers get the number alone."""
    if score is None:
        return format_html('<span class="pb-quiet">{}</span>', "–")
    reasons = [str(finding) for finding in findings]
    more = [f"and {len(reasons) - FIRST_FINDINGS} more"] if len(reasons) > FIRST_FINDINGS else []
    return format_html(
        '<span class="pb-score" title="{}"><meter min="0" max="100" low="{}" high="{}" optimum="100" value="{}" '
        'aria-hidden="true"></meter><span>{}</span></span>',
        "\n".join([*reasons[:FIRST_FINDINGS], *more]) or "Nothing to fix",
        FAIR,
        GOOD,
        score,
        score,
    )


def _records(rows: list[Documentation]) -> str:
    return counted(len(rows), "record")


def _count(shown: Preview) -> str:
    return counted(len(shown.reasons), "problem")
