"""What every signed-in page of the portal shares: who looks, in which environment, what they may do there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Environment, IntegratedAccount, Membership, Role, User
from accounts.people.members import accounts_of
from accounts.people.sessions import SessionStore

CHOSEN = "environment"
SHOWN = "shown_environment"  # the field in which a form says for which environment it was shown
MOVED = 409  # the form was shown for another environment than the session is in
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class Visit:
    """In which environment somebody is, of those that they belong to.

    `named` tells whether the request itself says which: by a row in its address, rather than by what was chosen before.
    """

    memberships: list[Membership]
    membership: Membership | None
    named: bool = False

    @property
    def environment(self) -> Environment | None:
        """The environment whose accounts are shown; None for somebody who belongs to none."""
        return self.membership.environment if self.membership else None

    def may(self, role: Role) -> bool:
        """Tell whether the visitor may do here what `role` may."""
        return self.membership is not None and self.membership.may(role)

    @property
    def may_operate(self) -> bool:
        """Whether MCP servers may be made and changed here."""
        return self.may(Role.OPERATOR)

    @property
    def may_administer(self) -> bool:
        """Whether accounts may be connected and changed here."""
        return self.may(Role.ADMIN)


class PortalRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails
    session: SessionStore
    visit: Visit


class EnvironmentMoved(Exception):
    """A form was sent for another environment than its sender is in."""


P = ParamSpec("P")


def signed_in(view: Callable[Concatenate[PortalRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Ask for a sign-in, give the request its visit, and answer a form that was shown for another environment."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        visitor = cast(PortalRequest, request)
        if not request.user.is_authenticated:
            return _to_sign_in(visitor)
        visitor.visit = visit_of(visitor)
        try:
            return view(visitor, *args, **kwargs)
        except EnvironmentMoved:
            return _moved(visitor)

    return wrapper


def visit_of(request: PortalRequest) -> Visit:
    """Return the visit of a request: in the environment that the session holds, else in the first."""
    memberships = list(Membership.objects.filter(user=request.user).select_related("environment"))
    chosen = request.session.get(CHOSEN)
    for membership in memberships:
        if str(membership.environment_id) == chosen:
            return Visit(memberships, membership)
    return Visit(memberships, memberships[0] if memberships else None)


def enter(request: PortalRequest, environment_id: UUID) -> None:
    """Choose an environment for this request and those that follow; raise Http404 for one of others."""
    for membership in request.visit.memberships:
        if membership.environment_id == environment_id:
            request.visit.membership, request.visit.named = membership, True
            if request.session.get(CHOSEN) != str(environment_id):
                request.session[CHOSEN] = str(environment_id)
            return
    raise Http404("You do not belong to this environment.")


def require(request: PortalRequest, role: Role) -> Environment:
    """Return the environment of the visit; raise PermissionDenied where the visitor may not do what `role` may.

    Raises EnvironmentMoved for a form that was shown for another environment, or does not say for which: what
    the session holds may have changed since, by a link that was followed or by a removal.
    """
    environment = request.visit.environment
    if environment is None:
        raise PermissionDenied("You do not belong to an environment yet. Ask an admin of yours to invite you.")
    if request.method not in SAFE and not request.visit.named and not _is_meant(request, environment):
        raise EnvironmentMoved
    if not request.visit.may(role):
        raise PermissionDenied(
            f"This takes the role “{role.value}” in {environment.name}, which you do not have. "
            f"Ask an admin of {environment.name} to do it, or to give you the role."
        )
    return environment


def _is_meant(request: PortalRequest, environment: Environment) -> bool:
    """Tell whether a form is for this environment.

    One that does not say so is for the only one that its sender belongs to, unless they had chosen another.
    """
    shown = request.POST.get(SHOWN)
    if shown is not None:
        return shown == str(environment.pk)
    return len(request.visit.memberships) == 1 and request.session.get(CHOSEN) in {None, str(environment.pk)}


def _moved(request: PortalRequest) -> HttpResponse:
    """Say that nothing was done, and lead to either environment; what was typed is not shown."""
    meant = [row for row in request.visit.memberships if str(row.environment_id) == request.POST.get(SHOWN)]
    context = {"present": request.visit.environment, "meant": meant[0].environment if meant else None}
    return render(request, "environment_moved.html", context, status=MOVED)


def account_for(request: PortalRequest, account_id: UUID, role: Role = Role.VIEWER) -> IntegratedAccount:
    """Return an account, and enter its environment.

    Raises Http404 for an account that the visitor cannot see, and PermissionDenied where `role` is more than theirs.
    """
    accounts = accounts_of(request.user).select_related("integration", "environment")
    account = accounts.defer("integration__definition").filter(pk=account_id).first()
    if account is None:
        raise Http404(
            "There is no such account here. It may be disconnected, or be one of an environment you are not in."
        )
    enter(request, account.environment_id)
    require(request, role)
    return account


def tell(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Show a sentence on the next page; `undo` is the address that a POST goes to for taking it back."""
    messages.success(request, text, extra_tags=undo)


def warn(request: HttpRequest, text: str) -> None:
    """Show on the next page what went wrong."""
    messages.error(request, text)


def _to_sign_in(request: PortalRequest) -> HttpResponse:
    if not request.htmx:
        return redirect_to_login(request.get_full_path())
    # A redirect would be followed by the script, and the sign-in page put into a corner of this one.
    seen = request.htmx.current_url_abs_path or "/"
    return HttpResponseClientRedirect(redirect_to_login(seen).url)
