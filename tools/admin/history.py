"""History in the admin: every version of a row, what changed in each, and one click to restore one."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.admin.pages import ModelAdmin, page_action, person
from tools.documentation.history import acting, changed_fields, changes_between, versions_of

PAGE = 50

if TYPE_CHECKING:
    _Base = ModelAdmin
else:
    _Base = object


class WithHistory(_Base):
    """The history pages of a model with a `history`; a version is restored through the model's form."""

    # The fields by which versions are compared, and those that restoring a version sets.
    history_fields: tuple[str, ...] = ()
    restored_fields: tuple[str, ...] = ()

    def shows_history(self, request: HttpRequest) -> bool:
        """Return True: these rows keep versions of their own."""
        return True

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of single versions and of deleted rows."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        own = [
            path("<path:object_id>/history/<int:version>/", view(self.version_view), name=f"{name}_version"),
            path(
                "<path:object_id>/history/<int:version>/restore/",
                view(require_POST(self.restore_view)),
                name=f"{name}_restore",
            ),
        ]
        return [*own, *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the versions of a row, newest first, even after it was deleted."""
        key = unquote(object_id)
        obj = self._allowed(request, key)
        pages = Paginator(self._versions(key), PAGE)
        shown = pages.get_page(request.GET.get("page"))
        rows = list(shown.object_list)
        if not rows:
            raise Http404
        # The next page's first version, with which the last one on this page is compared.
        oldest = list(self._versions(key)[shown.end_index() : shown.end_index() + 1])
        return self._page(
            request,
            "versions.html",
            obj,
            rows[0],
            versions=versions_of(rows, self.history_fields, oldest[0] if oldest else None),
            pages=shown,
        )

    def version_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """Show what changed in one version, and what restoring it would change."""
        key = unquote(object_id)
        obj = self._allowed(request, key)
        row, before = self._version(key, version)
        back = list(changes_between(obj, row, self.restored_fields)) if obj is not None else []
        return self._page(
            request,
            "version.html",
            obj,
            row,
            version=versions_of([row], self.history_fields, before)[0],
            changes=changes_between(before, row, self.history_fields),
            back=back,
            restoring_words=self.restoring_words(row, obj) if back else "",
            may_restore=self._may_restore(request, obj) and (obj is None or bool(back)),
            newer=self._versions(key).filter(history_id__gt=version).last(),
            older=before,
        )

    def restore_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """Restore a version as a new one, validated by the form; a refusal says why and changes nothing."""
        key = unquote(object_id)
        obj = self._allowed(request, key)
        if not self._may_restore(request, obj):
            raise PermissionDenied
        row, _ = self._version(key, version)
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_version", args=[quote(key), version])
        if obj is not None and not list(changed_fields(obj, row, self.restored_fields)):
            self.message_user(request, "Nothing was changed: the text is already that of this version.")
            return HttpResponseRedirect(address)
        form = self._form_of(request, obj, row)
        if not form.is_valid():
            for field, problems in form.errors.items():
                self.message_user(request, f"{field}: {' '.join(map(str, problems))}", messages.ERROR)
            self.message_user(request, "Nothing was changed: this version no longer fits.", messages.ERROR)
            return HttpResponseRedirect(address)
        self._bring_back(request, form, row, changes=obj is not None)
        self.message_user(request, f"The version of {row.history_date:%Y-%m-%d %H:%M} UTC is back, as a new one.")
        restored = quote(form.instance.pk)
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[restored])
        )

    @transaction.atomic
    def _bring_back(self, request: HttpRequest, form: Any, row: Any, *, changes: bool) -> None:
        when = f"{row.history_date:%Y-%m-%d %H:%M:%S} UTC"
        with acting(person(request), f"restored the version of {when}"):
            obj = form.save(commit=False)
            self.save_model(request, obj, form, change=changes)
        audit.record(
            person(request),
            f"{self.opts.model_name}.restored",
            obj.audit_subject,
            {"version": row.history_id, "of": when},
        )

    @page_action(description="Deleted", icon="delete", url_path="deleted", permissions=["view"])
    def show_deleted(self, request: HttpRequest) -> HttpResponse:
        """List deleted rows, each with a link to its history, where it can be restored."""
        model: Any = self.model
        gone = (
            model.history.filter(history_type="-")
            .exclude(id__in=model._default_manager.values("pk"))
            .select_related("history_user")
        )
        pages = Paginator(gone, PAGE).get_page(request.GET.get("page"))
        return render(
            request,
            "admin/tools/history/deleted.html",
            {**self._context(request, "Deleted"), "rows": pages.object_list, "pages": pages},
        )

    def version_values(self, row: Any, obj: Any) -> dict[str, Any]:
        """Return a version's values as form data; fields that are not restored keep their values."""
        values: dict[str, Any] = {}
        for name in self.restored_fields:
            value = getattr(row, name)
            values[name] = json.dumps(value) if isinstance(value, dict | list) else value
        return values

    def restoring_words(self, row: Any, obj: Any) -> str:
        """Return the further effects of restoring a version, for the confirming page; none by default."""
        return ""

    def _form_of(self, request: HttpRequest, obj: Any, row: Any) -> Any:
        """Return the form with a version's values; a deleted row keeps its old primary key, and so its history."""
        instance = obj if obj is not None else self.model(pk=row.id)
        form: Any = self.get_form(request, obj, change=obj is not None)
        return form(self.version_values(row, obj), instance=instance)

    def _allowed(self, request: HttpRequest, key: str) -> Any:
        """Return the row, or None if it was deleted; raise PermissionDenied."""
        obj = self.get_object(request, key)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def _may_restore(self, request: HttpRequest, obj: Any) -> bool:
        return self.has_change_permission(request, obj) if obj is not None else self.has_add_permission(request)

    def _versions(self, key: str) -> Any:
        model: Any = self.model
        try:
            pk = model._meta.pk.to_python(key)
        except (ValidationError, ValueError):
            raise Http404 from None
        return model.history.filter(id=pk).select_related("history_user").order_by("-history_id")

    def _version(self, key: str, version: int) -> tuple[Any, Any]:
        # The version, and the previous one for comparison.
        rows = list(self._versions(key).filter(history_id__lte=version)[:2])
        if not rows or rows[0].history_id != version:
            raise Http404
        return rows[0], rows[1] if len(rows) > 1 else None

    def _page(self, request: HttpRequest, template: str, obj: Any, row: Any, **context: Any) -> HttpResponse:
        title = str(obj) if obj is not None else self.name_of_version(row)
        shown = {**self._context(request, title), "original": obj, "object_id": quote(str(row.id)), **context}
        return render(request, f"admin/tools/history/{template}", shown)

    def name_of_version(self, row: Any) -> str:
        return str(row.id)

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "urls": {
                name: f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}"
                for name in ("changelist", "change", "history", "version", "restore", "show_deleted")
            },
        }
