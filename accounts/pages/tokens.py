"""The API tokens of an environment: the table, issuing one, revoking one."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.issuing import issue_token, revoke_token
from accounts.models import ApiToken, Role
from accounts.pages.people_forms import TokenForm
from accounts.pages.reauthentication import recently_authenticated
from accounts.portal import REFUSED, PortalRequest, require, signed_in, tell

PAGE = 25


@require_safe
@signed_in
def list_tokens(request: PortalRequest) -> HttpResponse:
    """Show the tokens that open something, and those that lately did."""
    environment = require(request, Role.VIEWER)
    tokens = ApiToken.objects.filter(environment=environment, revoked_at=None).select_related("created_by")
    page = Paginator(tokens.order_by("-created_at", "pk"), PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    rows = [(token, "live" if token.is_live(now) else "expired") for token in page]
    return render(request, "people/tokens.html", {"section": "api-tokens", "page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@recently_authenticated
def issue(request: PortalRequest) -> HttpResponse:
    """Ask for name, role and end; make a token and show it, once."""
    environment = require(request, Role.ADMIN)
    form = TokenForm(request.POST if request.method == "POST" else None)
    context = {"section": "api-tokens", "form": form}
    if form.is_valid():
        data = form.cleaned_data
        token, value = issue_token(
            environment, request.user, name=data["name"], role=Role(data["role"]), expires_at=form.expires_at
        )
        return render(request, "people/token_shown.html", {**context, "token": token, "value": value})
    return render(request, "people/token_issue.html", context, status=REFUSED if form.is_bound else None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def revoke(request: PortalRequest, token_id: UUID) -> HttpResponse:
    """Say what stops working, and revoke."""
    environment = require(request, Role.ADMIN)
    token = ApiToken.objects.filter(environment=environment, revoked_at=None, pk=token_id).first()
    if token is None:
        raise Http404("There is no such API token. It may be revoked already.")
    if request.method == "POST":
        revoke_token(token, request.user)
        tell(request, f"{token.name} is revoked: programs that use it are refused from now on.")
        return redirect("api-tokens")
    return render(request, "people/token_revoke.html", {"section": "api-tokens", "token": token})
