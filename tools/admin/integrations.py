"""The admin page of integrations: the definition, the tools it makes, and the export of bundles.

Imports are in imports.py, the review of drafts in review.py, evaluations in evaluation.py.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.pages import ModelAdmin, linked, moment, mono, page_action, person
from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.integrated_accounts.moves import stopped_by, stopping_words
from accounts.models import Integration
from tools.admin.evaluation import WithEvaluation
from tools.admin.forms import IntegrationForm
from tools.admin.history import WithHistory
from tools.admin.imports import WithImports
from tools.admin.review import WithReview
from tools.catalogue.compilation import catalogue_of
from tools.documentation.bundles import write_bundle
from tools.documentation.editing import delete_definition, save_definition

DOCUMENTATION = "tools_documentation_changelist"


@admin.register(Integration)
class IntegrationAdmin(WithImports, WithReview, WithEvaluation, WithHistory, ModelAdmin):
    """How vendors' APIs work."""

    form = IntegrationForm
    list_display = ("label", "name_shown", "records", "accounts", "revision", "changed")
    search_fields = ("name", "label")
    actions_list = ("import_openapi", "import_bundle", "show_deleted")
    actions_row = ("review_drafts", "evaluate", "export_bundle")
    actions_detail = ("review_drafts", "evaluate", "export_bundle")
    compressed_fields = False
    history_fields = restored_fields = ("definition",)
    fieldsets = (
        (None, {"fields": (("label", "name_shown", "revision"), ("tools", "drafts", "changed"))}),
        ("Definition", {"fields": ("definition", "stop_accounts")}),
    )
    readonly_fields = ("label", "name_shown", "revision", "tools", "drafts", "changed")

    def get_fieldsets(self, request: HttpRequest, obj: Integration | None = None) -> Any:
        """Ask only for the definition when an integration is added."""
        return super().get_fieldsets(request, obj) if obj else [(None, {"fields": ("definition",)})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Integration]:
        """Count records and accounts in the same query."""
        rows: QuerySet[Integration] = (
            super()
            .get_queryset(request)
            .annotate(
                records_count=Count("documentation", distinct=True),
                accounts_count=Count("integrated_accounts", distinct=True),
            )
        )
        return rows

    def save_model(self, request: HttpRequest, obj: Integration, form: Any, change: bool) -> None:
        """Save with the definition's name and label, invalidate its tools, and warn of records that make none."""
        save_definition(person(request), obj, form.changed_data)
        held = [draft.key for draft in catalogue_of(obj).drafts]
        if held:
            self.message_user(request, f"These records make no tool: {', '.join(held)}.", messages.WARNING)

    def version_values(self, row: Any, obj: Any) -> dict[str, Any]:
        """Confirm stopping accounts: the version's page has announced it."""
        return {**super().version_values(row, obj), "stop_accounts": True}

    def restoring_words(self, row: Any, obj: Any) -> str:
        """Say how many accounts restoring a version would stop."""
        try:
            return stopping_words(len(stopped_by(obj, parse_definition(row.definition))))
        except DefinitionInvalid:
            return ""  # such a version cannot be restored

    def delete_model(self, request: HttpRequest, obj: Integration) -> None:
        """Delete with its documentation; admin refuses while an account is connected through it."""
        delete_definition(person(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Integration]) -> None:
        """Delete one by one, so that each deletion is announced and audited."""
        for row in queryset:
            self.delete_model(request, row)

    @page_action(description="Export bundle", icon="download", url_path="export-bundle", permissions=["view"])
    def export_bundle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the definition and its documentation records as one file."""
        integration = self.row_or_404(request, object_id)
        response = HttpResponse(write_bundle(integration), content_type="application/yaml; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{integration.name}.yaml"'
        return response

    @admin.display(description="Name", ordering="name")
    def name_shown(self, row: Integration) -> SafeString:
        """The name that tool names contain; it follows from the definition."""
        return mono(row.name)

    @admin.display(description="Records", ordering="records_count")
    def records(self, row: Any) -> SafeString:
        return linked(DOCUMENTATION, str(row.records_count), query=f"?integration__id__exact={row.pk}")

    @admin.display(description="Accounts", ordering="accounts_count")
    def accounts(self, row: Any) -> SafeString:
        query = f"?integration__id__exact={row.pk}"
        return linked("accounts_integratedaccount_changelist", str(row.accounts_count), query=query)

    @admin.display(description="Tools")
    def tools(self, row: Integration) -> SafeString:
        query = f"?integration__id__exact={row.pk}&gate=exposed"
        return linked(DOCUMENTATION, str(len(catalogue_of(row))), query=query)

    @admin.display(description="Drafts")
    def drafts(self, row: Integration) -> SafeString:
        drafts = catalogue_of(row).drafts
        if not drafts:
            return format_html('<span class="pb-quiet">{}</span>', "none")
        query = f"?integration__id__exact={row.pk}&gate=draft"
        return linked(DOCUMENTATION, str(len(drafts)), query=query)

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, row: Integration) -> SafeString:
        return moment(row.updated_at)
