"""The review page of an integration: its drafts in one table, to be accepted, edited or dropped, and published."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts import audit
from accounts.admin.pages import ModelAdmin, page_action, person
from accounts.definition import Definition
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.catalogue.costs import SERVER_TOKENS, SERVER_TOOLS
from tools.documentation.differences import named
from tools.documentation.groups import DraftGroup
from tools.documentation.publishing import MOST_AT_ONCE
from tools.documentation.review import (
    ACCEPTED,
    DROPPED,
    Marks,
    carry_out,
    counts_of,
    drafts_of,
    filtered,
    group_rows,
    publishable,
    rows_of,
)
from tools.models import Documentation

PAGE = 50
FILTERS = ("gate", "mark", "q", "group")

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
            if request.POST.get("do") == "publish" and (asking := self._asking(request, integration, marks)):
                return asking
            self._reviewed(request, integration, marks)
            marks.keep(request.session, integration)
            return HttpResponseRedirect(request.get_full_path())
        return self._review(request, integration, marks)

    def has_change_documentation_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Require the right to change documentation records."""
        return person(request).has_perm("tools.change_documentation")

    def _matching(
        self, request: HttpRequest, definition: Definition | None, drafts: QuerySet[Documentation], marks: Marks
    ) -> QuerySet[Documentation]:
        """Return the drafts that match the filters in the query string."""
        return filtered(
            drafts,
            marks,
            gate=request.GET.get("gate", ""),
            mark=request.GET.get("mark", ""),
            words=request.GET.get("q", ""),
            group=_group(definition, drafts, request.GET.get("group", "")),
        )

    def _review(self, request: HttpRequest, integration: Integration, marks: Marks) -> HttpResponse:
        drafts = drafts_of(integration)
        definition, problems = _parsed(integration)
        pages = Paginator(self._matching(request, definition, drafts, marks), PAGE)
        shown = pages.get_page(request.GET.get("page"))
        counts, query = counts_of(drafts, marks), {name: request.GET.get(name, "") for name in FILTERS}
        context = {
            "title": f"Review {integration.label}",
            "problems": problems,
            "counts": counts,
            "groups": group_rows(definition, drafts, marks),
            "accepted": publishable(definition, drafts, marks),
            "too_many": counts.all > MOST_AT_ONCE,
            "rows": rows_of(definition, shown.object_list, marks),
            "page": shown,
            "pages": pages.get_elided_page_range(shown.number, on_each_side=1, on_ends=1),
            "query": query,
            "address": urlencode(query),
            "may_drop": self._may_drop(request),
        }
        return self._review_page(request, "review", integration, context)

    def _review_page(
        self, request: HttpRequest, page: str, integration: Integration, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return render(request, f"admin/tools/integration/{page}.html", {**site, "integration": integration, **context})

    def _asking(self, request: HttpRequest, integration: Integration, marks: Marks) -> HttpResponse | None:
        """Return the page that asks whether to publish as many drafts; None if they are few, or that is confirmed."""
        weight = publishable(_parsed(integration)[0], drafts_of(integration), marks)
        if weight.drafts <= MOST_AT_ONCE or request.POST.get("confirmed") == str(weight.drafts):
            return None
        context = {
            "title": f"Publish {weight.drafts:,} drafts at once?",
            "weight": weight,
            "dropped": len(marks.dropped),
            "most_tools": SERVER_TOOLS,
            "most_tokens": SERVER_TOKENS,
        }
        return self._review_page(request, "review_confirm", integration, context)

    def _may_drop(self, request: HttpRequest) -> bool:
        return person(request).has_perm("tools.delete_documentation")

    def _reviewed(self, request: HttpRequest, integration: Integration, marks: Marks) -> None:
        """Publish, or mark the rows that the form names."""
        action, _, single = request.POST.get("do", "").partition(":")
        if action == "publish":
            self._carry_out(request, integration, marks)
            return
        if action in {"accept-group", "clear-group"}:
            self._mark_group(integration, marks, single, ACCEPTED if action == "accept-group" else "")
            return
        mark = {"accept": ACCEPTED, "drop": DROPPED}.get(action, "")
        if mark == DROPPED and not self._may_drop(request):
            raise PermissionDenied
        drafts = drafts_of(integration)
        if request.POST.get("matching") and not single:
            rows = self._matching(request, _parsed(integration)[0], drafts, marks)
        else:
            chosen = [single] if single else request.POST.getlist("row")
            # isdigit() alone is true of digits that int() refuses, such as `²`.
            rows = drafts.filter(pk__in=[int(each) for each in chosen if each.isascii() and each.isdigit()])
        keys = list(rows.values_list("pk", flat=True))
        if not keys:
            self.message_user(request, "First tick the drafts that you mean.", messages.WARNING)
        marks.set(mark, keys)

    def _mark_group(self, integration: Integration, marks: Marks, key: str, mark: str) -> None:
        """Accept the drafts of a group that pass the gate, or remove the marks of all of them."""
        rows = group_rows(_parsed(integration)[0], drafts_of(integration), marks)
        for row in (row for row in rows if row.group.key == key):
            marks.set(mark, row.passing if mark else [record.pk for record in row.group.records])

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


def _parsed(integration: Integration) -> tuple[Definition | None, list[str]]:
    """Return the definition, or None and what is wrong with it."""
    try:
        return integration.parsed(), []
    except DefinitionInvalid as invalid:
        return None, invalid.problems


def _group(definition: Definition | None, drafts: QuerySet[Documentation], key: str) -> DraftGroup | None:
    """Return the group with a key; None if there is none."""
    rows = group_rows(definition, drafts, Marks()) if key else []
    return next((row.group for row in rows if row.group.key == key), None)
