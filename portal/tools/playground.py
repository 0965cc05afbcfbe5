"""The playground: call a tool of an account or server for real, and see what the model and the vendor see."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, retarget

from accounts.web.client_address import client_address, noted_address
from accounts.web.refusals import REFUSED
from portal.requests import PortalRequest, account_for, signed_in
from portal.tools.playground_choice import FIELDS, JSON, PlaygroundChoice, arguments_of_call, choice_of
from tools.calling.trying import TrialOrigin, try_tool
from tools.catalogue.tool import Tool
from tools.errors import WriteForbidden, WriteUnconfirmed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def playground(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Offer the tools and a form for the chosen one; on POST, call it. A write asks for confirmation first."""
    account = account_for(request, account_id)
    given = request.POST if request.method == "POST" else request.GET
    choice = choice_of(account, given.get("server", ""), given.get("tool", ""))
    if request.method == "POST" and choice.tool is not None:
        return _posted(request, choice, choice.tool)
    missing = "" if choice.tool else given.get("tool", "")[:64]
    arguments = arguments_of_call(account, given.get("call", ""))
    way = FIELDS if choice.fits_fields(arguments) else JSON
    context = {"form": choice.form(way, arguments=arguments), "way": way, "missing": missing}
    return _page(request, choice, context, part="tools/choice.html")


def _posted(request: PortalRequest, choice: PlaygroundChoice, tool: Tool) -> HttpResponse:
    """Handle a button of the form: switch between fields and JSON, show programs, or call the tool."""
    way = JSON if request.POST.get("way") == JSON else FIELDS
    form = choice.form(way, request.POST)
    if not form.is_valid():
        return _form_again(request, choice, way, form, status=REFUSED)
    arguments = form.arguments
    if "switch" in request.POST:
        other = FIELDS if way == JSON else JSON
        if other == FIELDS and not isinstance(arguments, dict):  # the fields cannot hold a list or a scalar
            arguments = {}
        return _form_again(request, choice, other, choice.form(other, arguments=arguments))
    context = {"form": form, "way": way, **_outcome_of(request, choice, tool, arguments)}
    return _page(request, choice, context, part="tools/outcome.html")


def _form_again(
    request: PortalRequest, choice: PlaygroundChoice, way: str, form: Any, status: int | None = None
) -> HttpResponse:
    """Return the page with the form; htmx replaces the submitted form instead of the outcome."""
    answer = _page(request, choice, {"form": form, "way": way}, part="tools/form.html", status=status)
    return reswap(retarget(answer, "#playground-form"), "outerHTML")


def _outcome_of(request: PortalRequest, choice: PlaygroundChoice, tool: Tool, arguments: Any) -> dict[str, Any]:
    """Return the context of the outcome: programs, a request to confirm, a refusal, or the call's result."""
    account = choice.account
    shown: dict[str, Any] = {"snippets": choice.snippets(arguments)}
    if "programs" in request.POST:
        return shown | {"only_programs": True}
    origin = TrialOrigin("Playground", "tool.tried", account.audit_subject, noted_address(client_address(request)))
    confirmed, server_id = request.POST.get("confirmed") == "yes", choice.server.pk if choice.server else None
    try:
        trial = try_tool(
            tool,
            account,
            arguments,
            request.user,
            origin,
            confirmed=confirmed,
            server_id=server_id,
            among=choice.tools,
        )
    except WriteForbidden:
        return shown | {"may_not": True}
    except WriteUnconfirmed:
        return shown | {"ask": True}
    return shown | {"trial": trial, "limits": trial.limits.values()}


def _page(
    request: PortalRequest, choice: PlaygroundChoice, context: dict[str, Any], *, part: str, status: int | None = None
) -> HttpResponse:
    """Return the whole page, or for htmx only `part`."""
    shown = {"account": choice.account, "tab": "tools", "choice": choice, **context}
    return render(request, part if request.htmx else "tools/playground.html", shown, status=status)
