"""The "Try it" panel beside a documentation record's form: call the tool as typed on a live account."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts import bounded_json
from accounts.admin.pages import ModelAdmin, person
from accounts.errors import NotJSON
from accounts.models import IntegratedAccount
from accounts.web.client_address import client_address, noted_address
from tools.calling.trying import TrialOrigin, accounts_for, example_arguments, try_tool
from tools.catalogue.compilation import catalogue_of
from tools.documentation.preview import Preview, preview_of
from tools.errors import WriteForbidden, WriteUnconfirmed
from tools.models import Documentation

PANEL = "admin/tools/documentation/try.html"

if TYPE_CHECKING:
    _Base = ModelAdmin
else:
    _Base = object


class WithTrying(_Base):
    """The panel that tries a record's tool."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.try_view))
        return [path("<int:record_id>/try/", view, name="tools_documentation_try"), *super().get_urls()]

    def try_view(self, request: HttpRequest, record_id: int) -> HttpResponse:
        """Call the tool that the form describes, saved or not; a write asks first. The record is not changed."""
        record = get_object_or_404(Documentation.objects.select_related("integration"), pk=record_id)
        if not self.has_change_permission(request, record):
            raise PermissionDenied
        form: Any = self.get_form(request, record, change=True)(request.POST, instance=record)
        shown = preview_of(form.instance, form.problems())
        context = self.try_panel(request, record, shown)
        context["arguments"] = request.POST.get("try_arguments", "")
        if "try_fill" in request.POST:
            context["arguments"] = _example(shown)
        else:
            context |= self._tried(request, record, shown)
        return render(request, PANEL, context)

    def try_panel(self, request: HttpRequest, record: Documentation, shown: Preview) -> dict[str, Any]:
        """Return the panel's context before any call."""
        chosen = request.POST.get("try_account", "")
        return {
            "try_url": reverse("admin:tools_documentation_try", args=[record.pk]),
            "accounts": list(accounts_for(person(request), record.integration).defer("integration__definition")),
            "chosen": chosen,
            "arguments": _example(shown),
            "preview": shown,
        }

    def _tried(self, request: HttpRequest, record: Documentation, shown: Preview) -> dict[str, Any]:
        """Return the outcome of a try: a result, a question to confirm, or a problem in words."""
        if shown.tool is None:
            return {"problem": "There is no tool to try yet: first fix what keeps it from being made."}
        account = _account(request, record)
        if account is None:
            return {"problem": "Choose an account that is connected through this integration."}
        try:
            arguments = bounded_json.loads_request(request.POST.get("try_arguments", "").strip().encode() or b"{}")
        except (NotJSON, UnicodeEncodeError) as problem:
            return {"problem": f"The arguments are not JSON: {problem}."}
        confirmed = request.POST.get("try_confirmed") == "yes"
        try:
            trial = try_tool(
                shown.tool,
                account,
                arguments,
                person(request),
                _origin(request, record, account),
                confirmed=confirmed,
                among=catalogue_of(account.integration),
            )
        except WriteForbidden as forbidden:
            return {"problem": str(forbidden)}
        except WriteUnconfirmed:
            return {"ask": True, "account": account, "destructive": shown.tool.destructive}
        return {"trial": trial, "account": account, "limits": trial.limits.values()}


def _account(request: HttpRequest, record: Documentation) -> IntegratedAccount | None:
    try:
        chosen = UUID(request.POST.get("try_account", ""))
    except ValueError:
        return None
    return accounts_for(person(request), record.integration).filter(pk=chosen).first()


def _example(shown: Preview) -> str:
    if shown.tool is None:
        return "{}"
    return json.dumps(example_arguments(shown.tool.input_schema), indent=2, ensure_ascii=False)


def _origin(request: HttpRequest, record: Documentation, account: IntegratedAccount) -> TrialOrigin:
    subject = replace(record.audit_subject, environment_id=account.environment_id)
    address = noted_address(client_address(request))
    return TrialOrigin("Try it", "documentation.tried", subject, address, {"account": str(account.pk)})
