"""The Activity pages: the calls of an environment or an account, one call, charts and exports."""

import json
from dataclasses import replace
from uuid import UUID

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from accounts import audit
from accounts.models import Environment, IntegratedAccount
from mcpservers.models import MCPServer
from portal.activity.charts import charts_of, waterfall_of
from portal.activity.exports import as_csv, as_json_lines
from portal.activity.forms import ActivityForm, ActivityQuery
from portal.activity.names import CallNames
from portal.activity.rows import rows_of
from portal.requests import PortalRequest, account_for, enter, signed_in, turn_to_factor
from tools.models import Call
from tools.record.activity import CallPosition, page_of
from tools.record.figures import breakdown_of, figures_of
from tools.record.traces import composite_of, steps_of
from tools.record.usage import senders_seen, tools_used

OFFERED = 300
FORMATS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "jsonl": (as_json_lines, "application/jsonl"),
}


@require_safe
@signed_in
def activity(request: PortalRequest, account_id: UUID | None = None) -> HttpResponse:
    """Show the calls of an environment, or of one of its accounts."""
    account = account_for(request, account_id) if account_id else None
    environment = request.visit.environment
    if environment is None:
        turn_to_factor(request)
        return render(request, "accounts/no_environment.html", {"section": "activity"})
    form = ActivityForm(request.GET)
    query = query_of(form, environment, account_id)
    breakdown = request.GET.get("view") == "breakdown"
    figures = figures_of(query.calls, query.since, query.until or timezone.now())
    context = {
        "section": "accounts" if account else "activity",
        "account": account,
        "tab": "activity",
        "form": form,
        "query": query,
        "here": _here(account),
        "figures": figures,
        "charts": charts_of(figures.bars),
        "view": "breakdown" if breakdown else "calls",
        "addresses": _addresses(form, account),
        **(_breakdown(query) if breakdown else _list(request, form, environment, account, query)),
        **_offer(form, environment, account),
    }
    response = render(request, "activity/account.html" if account else "activity/environment.html", context)
    if request.htmx:
        # Without empty and default parameters, so that the address can be read and shared.
        response["HX-Push-Url"] = _with(_here(account), form.address(**_viewed(breakdown)))
    return response


@require_safe
@signed_in
def show_call(request: PortalRequest, call_id: int) -> HttpResponse:
    """Show one call: its arguments, its outcome, and where its time went."""
    call = get_object_or_404(Call, pk=call_id)
    enter(request, call.environment_id)
    names = CallNames()
    (row,) = rows_of([call], names)
    context = {
        "section": "activity",
        "row": row,
        "call": call,
        "arguments": json.dumps(call.arguments, indent=2, ensure_ascii=False),
        "token": names.tokens[call.token_id] if call.token_id else "",
        "parts": waterfall_of(call),
        "steps": rows_of([*steps_of(call)], names),
        "composite": composite_of(call),
    }
    return render(request, "activity/call.html", context)


@require_GET
@signed_in
def export(request: PortalRequest, account_id: UUID | None = None) -> HttpResponseBase:
    """Send the calls that the filters select as a file, and record the export in the audit log."""
    account = account_for(request, account_id) if account_id else None
    environment = request.visit.environment
    shape = request.GET.get("format", "csv")
    if environment is None or shape not in FORMATS:
        raise Http404("Calls are exported as csv or jsonl, for members of an environment.")
    form = ActivityForm(request.GET)
    query = query_of(form, environment, account_id)
    write, media_type = FORMATS[shape]
    audit.record(
        request.user,
        "calls.exported",
        (account or environment).audit_subject,
        {"format": shape, "filters": form.address()},
    )
    # A fixed end: calls recorded during the export belong to the next one.
    wanted = replace(query.calls, until=query.until or timezone.now())
    stamp = timezone.now().strftime("%Y-%m-%d-%H%M")
    headers = {
        "Content-Disposition": f'attachment; filename="patchbay-calls-{stamp}.{shape}"',
        "X-Accel-Buffering": "no",  # keeps nginx from buffering the stream
    }
    return StreamingHttpResponse(write(wanted), content_type=media_type, headers=headers)


def stream_elsewhere(request: HttpRequest) -> HttpResponse:
    """Return 501: under ASGI, `portal/activity/stream.py` answers before Django."""
    return HttpResponse("New calls are streamed only by the web process.", status=501, content_type="text/plain")


def query_of(form: ActivityForm, environment: Environment, account_id: UUID | None) -> ActivityQuery:
    """Return the query of a form; `account_id` is given on an account's page.

    A server implies its account, by which figures are kept.
    """
    query = form.activity_query(environment.pk, account_id)
    calls = query.calls
    if calls.server_id is not None and calls.account_id is None:
        owner = MCPServer.objects.filter(pk=calls.server_id).values_list("account_id", flat=True).first()
        query = replace(query, calls=replace(calls, account_id=owner))
    return query


def _list(
    request: PortalRequest,
    form: ActivityForm,
    environment: Environment,
    account: IntegratedAccount | None,
    query: ActivityQuery,
) -> dict[str, object]:
    after = CallPosition.parse(request.GET.get("after", ""))
    # Before the page is read: the stream starts after this id, so no call falls between the two.
    newest = Call.objects.aggregate(newest=Max("pk"))["newest"] or 0
    page = page_of(query.calls, after)
    live = after is None and query.until is None
    stream = {"environment": environment.pk, "seen": newest}
    if account is not None:
        stream["of"] = account.pk
    return {
        "page": page,
        "rows": rows_of(page.calls, CallNames()),
        "stream": f"{reverse('activity-stream')}?{form.address(**stream)}" if live else "",
        "older": _with("", form.address(after=page.next)) if page.next else "",
        "newest": _with("", form.address()) if after else "",
    }


def _breakdown(query: ActivityQuery) -> dict[str, object]:
    found = breakdown_of(query.calls, query.since, query.until or timezone.now())
    names = CallNames()
    names.learn_servers({line.key for line in found.servers or () if line.key})
    names.learn_accounts({line.account_id for line in found.servers or () if line.account_id})
    servers = None
    if found.servers is not None:
        servers = [
            (line, names.servers.get(line.key, ""), names.accounts.get(line.account_id, "") if line.account_id else "")
            for line in found.servers
        ]
    return {"breakdown": found, "servers": servers}


def _offer(form: ActivityForm, environment: Environment, account: IntegratedAccount | None) -> dict[str, object]:
    """Set the choices of the filters, and return the suggestions of the text fields."""
    chosen = form.cleaned_data.get("account") if account is None else account.pk
    if account is None:
        accounts = IntegratedAccount.objects.filter(environment=environment).order_by("name")
        form.offer("account", accounts.values_list("pk", "name")[:OFFERED], "A disconnected account")
    servers = (
        MCPServer.objects.filter(account_id=chosen, account__environment=environment)
        if chosen
        else MCPServer.objects.none()
    )
    form.offer("server", servers.order_by("name").values_list("pk", "name")[:OFFERED], "A deleted server")
    return {
        "known_tools": sorted(tools_used(environment.pk, chosen))[:OFFERED],
        "senders": senders_seen(environment.pk, chosen),
        "has_servers": bool(chosen or form.cleaned_data.get("server")),
    }


def _addresses(form: ActivityForm, account: IntegratedAccount | None) -> dict[str, str]:
    """Return the addresses of the two views and the exports, with the filters kept."""
    export_to = reverse("account-activity-export", args=[account.pk]) if account else reverse("activity-export")
    return {
        "calls": _with(_here(account), form.address()),
        "breakdown": _with(_here(account), form.address(view="breakdown")),
        "csv": _with(export_to, form.address(format="csv")),
        "jsonl": _with(export_to, form.address(format="jsonl")),
        "kept": form.address(),
    }


def _here(account: IntegratedAccount | None) -> str:
    return reverse("account-activity", args=[account.pk]) if account else reverse("activity")


def _with(address: str, query: str) -> str:
    return f"{address}?{query}" if query or not address else address


def _viewed(breakdown: bool) -> dict[str, str]:
    return {"view": "breakdown"} if breakdown else {}
