"""The review page of an integration: its drafts in one table, to be accepted, edited or dropped, and published."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts import audit
from accounts.admin.pages import ModelAdmin, page_action, person
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.documentation.differences import named
from tools.documentation.review import ACCEPTED, DROPPED, Marks, carry_out, counts_of, drafts_of, filtered, rows_of

PAGE = 50
FILTERS = ("gate", "mark", "q", "page")

if TYPE_CHECKING:
    _Base = ModelAdmin
else:
    _Base = object


class WithReview(_Base):
    """The page that reviews an integration's drafts."""

    @page_action(
        description="Review drafts", icon="fact_check", url_path="review-drafts", permissions=["change_documentation"]
    )
    def review_drafts(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the drafts; on POST, mark some of them or carry the marks out."""
        integration: Integration = self.row_or_404(request, object_id)
        marks = Marks.of(request.session, integration)
        if request.method == "POST":
            self._reviewed(request, integration, marks)
            marks.keep(request.session, integration)
            return HttpResponseRedirect(request.get_full_path())
        return self._review(request, integration, marks)

    def has_change_documentation_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Require the right to change documentation records."""
        return person(request).has_perm("tools.change_documentation")

    def _chosen(self, request: HttpRequest) -> dict[str, str]:
        """Return the filters in the query string."""
        return {
            "gate": request.GET.get("gate", ""),
            "mark": request.GET.get("mark", ""),
            "words": request.GET.get("q", ""),
        }

    def _review(self, request: HttpRequest, integration: Integration, marks: Marks) -> HttpResponse:
        drafts = drafts_of(integration)
        pages = Paginator(filtered(drafts, marks, **self._chosen(request)), PAGE)
        shown = pages.get_page(request.GET.get("page"))
        try:
            definition, problems = integration.parsed(), []
        except DefinitionInvalid as invalid:
            definition, problems = None, invalid.problems
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"Review {integration.label}",
            "opts": self.opts,
            "media": self.media,
            "integration": integration,
            "problems": problems,
            "counts": counts_of(drafts, marks),
            "rows": rows_of(definition, shown.object_list, marks),
            "page": shown,
            "pages": pages.get_elided_page_range(shown.number, on_each_side=1, on_ends=1),
            "query": {name: request.GET.get(name, "") for name in FILTERS},
            "may_drop": self._may_drop(request),
        }
        return render(request, "admin/tools/integration/review.html", context)

    def _may_drop(self, request: HttpRequest) -> bool:
        return person(request).has_perm("tools.delete_documentation")

    def _reviewed(self, request: HttpRequest, integration: Integration, marks: Marks) -> None:
        """Publish, or mark the rows that the form names."""
        action, _, single = request.POST.get("do", "").partition(":")
        if action == "publish":
            self._carry_out(request, integration, marks)
            return
        mark = {"accept": ACCEPTED, "drop": DROPPED}.get(action, "")
        if mark == DROPPED and not self._may_drop(request):
            raise PermissionDenied
        drafts = drafts_of(integration)
        if request.POST.get("matching") and not single:
            rows = filtered(drafts, marks, **self._chosen(request))
        else:
            chosen = [single] if single else request.POST.getlist("row")
            # isdigit() alone is true of digits that int() refuses, such as `²`.
            rows = drafts.filter(pk__in=[int(each) for each in chosen if each.isascii() and each.isdigit()])
        keys = list(rows.values_list("pk", flat=True))
        if not keys:
            self.message_user(request, "First tick the drafts that you mean.", messages.WARNING)
        marks.set(mark, keys)

    def _carry_out(self, request: HttpRequest, integration: Integration, marks: Marks) -> None:
        if not (marks.accepted or marks.dropped):
            self.message_user(request, "No draft is accepted yet.", messages.WARNING)
            return
        if marks.dropped and not self._may_drop(request):
            raise PermissionDenied
        try:
            carried = carry_out(integration, marks, person(request))
        except DefinitionInvalid as invalid:
            words = f"Nothing was published: the definition does not fit. {' '.join(invalid.problems[:3])}"
            self.message_user(request, words, messages.ERROR)
            return
        published, held = carried.outcome.published, carried.outcome.held
        audit.record(
            person(request),
            "integration.drafts_reviewed",
            integration.audit_subject,
            {"published": len(published), "dropped": len(carried.dropped), "held": len(held)},
        )
        self.message_user(request, f"{len(published)} published, {len(carried.dropped)} dropped.")
        if held:
            words = f"The quality gate holds {len(held)} back; they stay drafts: {named(list(held))}."
            self.message_user(request, words, messages.WARNING)
