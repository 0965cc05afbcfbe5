"""The API token pages of an environment: list, issue, revoke, longest lifetime."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.api_tokens.issue import issue_token, revoke_token, set_longest_life
from accounts.errors import TokenUnfit
from accounts.models import ApiToken, Membership, Role, TokenKind
from accounts.signing_in.reauthentication import recently_authenticated
from accounts.texts.counting import counted
from accounts.web.refusals import REFUSED
from portal.people.token_forms import LongestLifeForm, TokenForm
from portal.requests import PortalRequest, require, signed_in, tell

PAGE = 25
FIELDS = {"expires_at": "ends", "": None}  # TokenUnfit's field: the form's field


@dataclass(frozen=True)
class TokenRow:
    """One API token as a table row."""

    token: ApiToken
    state: str
    word: str
    ends_soon: bool

    @property
    def is_limited(self) -> bool:
        """Whether the owner's role now limits the token to less than it was issued for."""
        return self.token.present_role not in {None, self.token.role}


def _rows(tokens: Iterable[ApiToken]) -> list[TokenRow]:
    now, rows = timezone.now(), []
    for token in tokens:
        live, lasts = token.is_live(now), token.lasts(now)
        word = "Live" if live else "Owner left" if lasts else "Expired"
        rows.append(TokenRow(token, "live" if live else "expired", word, live and token.ends_soon(now)))
    return rows


def _member(request: PortalRequest) -> Membership:
    require(request, Role.VIEWER)
    return cast(Membership, request.visit.membership)


@require_safe
@signed_in
def list_tokens(request: PortalRequest) -> HttpResponse:
    """Show members their own tokens and admins all of them, service tokens in a table of their own."""
    member = _member(request)
    return _listed(request, member, LongestLifeForm(initial={"days": member.environment.token_days_max}))


def _listed(request: PortalRequest, member: Membership, form: LongestLifeForm) -> HttpResponse:
    seen = ApiToken.objects.seen_by(member).filter(revoked_at=None).with_owners().order_by("-created_at", "pk")
    personal = _page(request, seen.filter(kind=TokenKind.PERSONAL), "page")
    services = _page(request, seen.filter(kind=TokenKind.SERVICE), "services")
    context = {
        "section": "api-tokens",
        "page": personal,
        "rows": _rows(personal),
        "services": services,
        "service_rows": _rows(services),
        "form": form,
    }
    return render(request, "people/tokens.html", context, status=REFUSED if form.is_bound else None)


def _page(request: PortalRequest, tokens: QuerySet[ApiToken], parameter: str) -> "Page[ApiToken]":
    return Paginator(tokens, PAGE).get_page(request.GET.get(parameter))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@recently_authenticated
def issue(request: PortalRequest) -> HttpResponse:
    """Ask for name, kind, role, end and networks; issue a token and show it once."""
    member = _member(request)
    form = TokenForm(member, request.POST if request.method == "POST" else None)
    context = {"section": "api-tokens", "form": form}
    if form.is_valid():
        try:
            token, value = issue_token(member.environment, request.user, **form.wanted())
        except TokenUnfit as unfit:
            form.add_error(FIELDS.get(unfit.field, unfit.field), unfit.reason)
        else:
            # Rendered instead of redirected to: the value is not stored, so no later request could show it.
            return render(request, "people/token_shown.html", {**context, "token": token, "value": value})
    return render(request, "people/token_issue.html", context, status=REFUSED if form.is_bound else None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def revoke(request: PortalRequest, token_id: UUID) -> HttpResponse:
    """Say what stops working, then revoke the token."""
    token = ApiToken.objects.seen_by(_member(request)).filter(revoked_at=None, pk=token_id).first()
    if token is None:
        raise Http404("You have no such API token. It may have been revoked already.")
    if request.method == "POST":
        revoke_token(token, request.user)
        tell(request, f"{token.name} is revoked: programs that use it are refused from now on.")
        return redirect("api-tokens")
    # Revoking also ends the tokens that this one has issued.
    made = token.children.filter(revoked_at=None).count()
    return render(request, "people/token_revoke.html", {"section": "api-tokens", "token": token, "made": made})


@require_POST
@signed_in
@recently_authenticated
def longest_life(request: PortalRequest) -> HttpResponse:
    """Set the longest lifetime of the environment's new tokens."""
    environment = require(request, Role.ADMIN)
    form = LongestLifeForm(request.POST)
    if not form.is_valid():
        return _listed(request, _member(request), form)
    days = form.cleaned_data["days"]
    set_longest_life(environment, request.user, days)
    limit = f"live at most {counted(days, 'day')}" if days else "may live without an end"
    tell(request, f"New API tokens {limit}.")
    return redirect("api-tokens")
