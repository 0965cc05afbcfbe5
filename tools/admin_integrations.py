"""The admin page of integrations: the definition, what tools it comes to, and bundle files in and out."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import audit
from accounts.admin_pages import ModelAdmin, linked, moment, mono, page_action, person
from accounts.changes import Kind, announce
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.bundles import Loaded, load_bundle, write_bundle
from tools.catalogue import catalogue_of
from tools.errors import BundleInvalid
from tools.forms import BundleForm, IntegrationForm

DOCUMENTATION = "tools_documentation_changelist"


@admin.register(Integration)
class IntegrationAdmin(ModelAdmin):
    """How vendors' APIs work."""

    form = IntegrationForm
    list_display = ("label", "name_shown", "records", "accounts", "revision", "changed")
    search_fields = ("name", "label")
    actions_list = ("import_bundle",)
    actions_row = ("export_bundle",)
    actions_detail = ("export_bundle",)
    compressed_fields = False
    fieldsets = (
        (None, {"fields": (("label", "name_shown", "revision"), ("tools", "drafts", "changed"))}),
        ("Definition", {"fields": ("definition",)}),
    )
    readonly_fields = ("label", "name_shown", "revision", "tools", "drafts", "changed")

    def get_fieldsets(self, request: HttpRequest, obj: Integration | None = None) -> Any:
        """Ask for nothing but the definition when one is added."""
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
        """Save with name and label as the definition has them, and have every tool made anew."""
        definition = obj.parsed()
        obj.name, obj.label = definition.name, definition.label
        with transaction.atomic():
            obj.save()
            obj.touch()
            _note(request, obj, "changed" if change else "created", {"changed": form.changed_data})
            announce(Kind.INTEGRATION, obj.pk)
        held = [draft.key for draft in catalogue_of(obj).drafts]
        if held:
            self.message_user(request, f"These records make no tool: {', '.join(held)}.", messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Integration) -> None:
        """Delete with its documentation; admin refuses while an account is connected through it."""
        integration_id = obj.pk
        with transaction.atomic():
            _note(request, obj, "deleted", {})
            super().delete_model(request, obj)
            announce(Kind.INTEGRATION, integration_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Integration]) -> None:
        """Delete one by one, so that each is told and noted."""
        for row in queryset:
            self.delete_model(request, row)

    @page_action(description="Export bundle", icon="download", url_path="export-bundle", permissions=["view"])
    def export_bundle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the definition and its documentation records as one file."""
        integration = get_object_or_404(Integration, pk=object_id)
        response = HttpResponse(write_bundle(integration), content_type="application/yaml; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{integration.name}.yaml"'
        return response

    @page_action(description="Import bundle", icon="upload", url_path="import-bundle", permissions=["import"])
    def import_bundle(self, request: HttpRequest) -> HttpResponse:
        """Load a bundle file and say what that did; a file with a problem changes nothing, and stays to be mended."""
        form = BundleForm(request.POST or None, request.FILES or None)
        loaded = _load(request, form) if request.method == "POST" and form.is_valid() else None
        if loaded is not None:
            form = BundleForm()
        context = {
            **self.admin_site.each_context(request),
            "title": "Import bundle",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "loaded": loaded,
        }
        return render(request, "admin/tools/integration/import_bundle.html", context)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Ask for what a bundle does: adding and changing integrations and documentation records."""
        models = ("accounts.{}_integration", "tools.{}_documentation")
        return all(person(request).has_perm(name.format(right)) for name in models for right in ("add", "change"))

    @admin.display(description="Name", ordering="name")
    def name_shown(self, row: Integration) -> SafeString:
        """The name that tools carry; it follows from the definition."""
        return mono(row.name)

    @admin.display(description="Records", ordering="records_count")
    def records(self, row: Any) -> SafeString:
        """How many documentation records it has."""
        return linked(DOCUMENTATION, str(row.records_count), query=f"?integration__id__exact={row.pk}")

    @admin.display(description="Accounts", ordering="accounts_count")
    def accounts(self, row: Any) -> SafeString:
        """How many accounts are connected through it."""
        query = f"?integration__id__exact={row.pk}"
        return linked("accounts_integratedaccount_changelist", str(row.accounts_count), query=query)

    @admin.display(description="Tools")
    def tools(self, row: Integration) -> SafeString:
        """How many tools it exposes."""
        query = f"?integration__id__exact={row.pk}&gate=exposed"
        return linked(DOCUMENTATION, str(len(catalogue_of(row))), query=query)

    @admin.display(description="Drafts")
    def drafts(self, row: Integration) -> SafeString:
        """How many records make no tool."""
        drafts = catalogue_of(row).drafts
        if not drafts:
            return format_html('<span class="pb-quiet">{}</span>', "none")
        query = f"?integration__id__exact={row.pk}&gate=draft"
        return linked(DOCUMENTATION, str(len(drafts)), query=query)

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, row: Integration) -> SafeString:
        """When it changed last."""
        return moment(row.updated_at)


def _load(request: HttpRequest, form: BundleForm) -> Loaded | None:
    """Load what the form holds; put what is wrong with it beside the text."""
    overwrite: bool = form.cleaned_data["overwrite"]
    try:
        with transaction.atomic():
            loaded = load_bundle(form.cleaned_data["text"], overwrite=overwrite)
            counts = {name: len(getattr(loaded, name)) for name in ("created", "updated", "unchanged", "kept")}
            _note(request, loaded.integration, "bundle_loaded", {**counts, "overwrite": overwrite})
    except (BundleInvalid, DefinitionInvalid) as refused:
        for problem in refused.problems:
            form.add_error("text", problem)
        return None
    return loaded


def _note(request: HttpRequest, row: Integration, action: str, details: dict[str, Any]) -> None:
    audit.record(
        person(request),
        f"integration.{action}",
        environment_id=None,
        target_id=row.pk,
        target_name=row.name,
        details=details,
    )
