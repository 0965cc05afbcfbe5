"""Imports in the admin: read a bundle or an API description, show what it would change, load it once confirmed."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts.admin.pages import ModelAdmin, page_action, person
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.admin.forms import BundleForm
from tools.admin.import_forms import DescriptionForm
from tools.documentation.bundles import Loading, compare_parts, load_parts, note_loaded, read_bundle
from tools.documentation.held_uploads import held, hold, release
from tools.errors import BundleInvalid
from tools.openapi.importing import ImportPlan, prepare
from tools.rights import IMPORTING, may

BUNDLE, DESCRIPTION = "bundle", "description"
TITLES = {BUNDLE: "Import bundle", DESCRIPTION: "Import OpenAPI"}
GONE = "The upload is not held any more. Choose the file again."
MOVED = "Somebody changed the integration in the meantime. Choose the file again to see what would change now."

if TYPE_CHECKING:
    _Base = ModelAdmin
else:
    _Base = object


class WithImports(_Base):
    """The pages that import integrations."""

    def get_urls(self) -> list[URLPattern]:
        """Add the confirmation of an import."""
        confirm = self.admin_site.admin_view(require_POST(self.confirm_view))
        return [path("import-confirm/", confirm, name="accounts_integration_confirm"), *super().get_urls()]

    @page_action(description="Import bundle", icon="upload", url_path="import-bundle", permissions=["import"])
    def import_bundle(self, request: HttpRequest) -> HttpResponse:
        """Read a bundle and show what loading it would do; one with a problem stays in the form to be corrected."""
        form = BundleForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                read = read_bundle(form.cleaned_data["text"])
                overwrite = form.cleaned_data["overwrite"]
                return self._compared(
                    request, BUNDLE, read.definition, read.records, questions=read.questions, overwrite=overwrite
                )
            except (BundleInvalid, DefinitionInvalid) as refused:
                for problem in refused.problems:
                    form.add_error("text", problem)
        return self._rendered(request, "import_bundle", TITLES[BUNDLE], form=form)

    @page_action(description="Import OpenAPI", icon="api", url_path="import-openapi", permissions=["import"])
    def import_openapi(self, request: HttpRequest) -> HttpResponse:
        """Read an API description and show what importing it would do."""
        form = DescriptionForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            overwrite: bool = values["overwrite"]
            try:
                prepared = prepare(
                    values["file"],
                    name=values["name"],
                    label=values["label"],
                    base_url=values["base_url"],
                    overwrite=overwrite,
                )
                return self._compared(
                    request, DESCRIPTION, prepared.document, prepared.records, overwrite=overwrite, prepared=prepared
                )
            except (BundleInvalid, DefinitionInvalid) as refused:
                problems = refused.problems
        return self._rendered(request, "import_openapi", TITLES[DESCRIPTION], form=form, problems=problems)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Require the rights for what an import does: adding and changing integrations and documentation records."""
        return may(person(request), *IMPORTING)

    def _compared(
        self,
        request: HttpRequest,
        kind: str,
        document: dict[str, Any],
        records: list[dict[str, Any]],
        *,
        overwrite: bool,
        questions: list[dict[str, Any]] | None = None,
        prepared: ImportPlan | None = None,
    ) -> HttpResponse:
        """Show what an import would do and hold it until it is confirmed; raise DefinitionInvalid."""
        loaded = compare_parts(document, records, Loading(overwrite, publishes=kind == BUNDLE), questions)
        content = {
            "kind": kind,
            "document": document,
            "records": records,
            "questions": questions,
            "overwrite": overwrite,
            "revision": 0 if loaded.is_new else loaded.integration.revision,
        }
        key = hold(person(request).pk, content)
        return self._rendered(
            request,
            "import_confirm",
            TITLES[kind],
            loaded=loaded,
            prepared=prepared,
            tools=prepared.tools(loaded) if prepared else 0,
            key=key,
            kind=kind,
            again=reverse(f"admin:accounts_integration_import_{'bundle' if kind == BUNDLE else 'openapi'}"),
        )

    def confirm_view(self, request: HttpRequest) -> HttpResponse:
        """Carry out the import that was shown, unless the integration changed in the meantime."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        owner, key = person(request), request.POST.get("held", "")
        content = held(owner.pk, key)
        if content is None:
            return self._refused(request, GONE)
        name = content["document"].get("name")
        present = Integration.objects.filter(name=name).values_list("revision", flat=True).first()
        if (present or 0) != content["revision"]:
            return self._refused(request, MOVED)
        # The import and its audit entry, both or neither.
        with transaction.atomic():
            # The page that was confirmed names the tools that are lost.
            how = Loading(content["overwrite"], withdraw=True, publishes=content["kind"] == BUNDLE)
            # An upload that the previous release holds has no questions.
            loaded = load_parts(content["document"], content["records"], owner, how, content.get("questions"))
            note_loaded(owner, loaded, content["kind"], overwrite=content["overwrite"])
        release(owner.pk, key)
        if content["kind"] == BUNDLE:
            return self._rendered(request, "import_bundle", TITLES[BUNDLE], form=BundleForm(), loaded=loaded)
        self.message_user(
            request, f"{loaded.integration.label} is imported. Nothing is published yet: review the drafts."
        )
        return HttpResponseRedirect(reverse("admin:accounts_integration_review_drafts", args=[loaded.integration.pk]))

    def _refused(self, request: HttpRequest, words: str) -> HttpResponse:
        self.message_user(request, words, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:accounts_integration_changelist"))

    def _rendered(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "media": self.media}
        return render(request, f"admin/tools/integration/{template}.html", {**shared, **context})
