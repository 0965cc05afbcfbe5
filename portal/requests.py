"""What every signed-in page shares: the visitor, their environment and their role there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Environment, IntegratedAccount, Membership, Role, User
from accounts.people.members import accounts_of
from accounts.people.sessions import SessionStore

CHOSEN = "environment"
SHOWN = "shown_environment"  # the form field that names the environment a form was rendered for
MOVED = 409  # 409 Conflict: the form was rendered for another environment
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class Visit:
    """The visitor's memberships, and the one in whose environment they are now.

    `locked` are environments that the visitor belongs to and enters only once they have a second factor.
    `named` is true if the URL itself determines the environment, rather than an earlier choice in the session.
    """

    memberships: list[Membership]
    membership: Membership | None
    named: bool = False
    locked: list[Environment] = field(default_factory=list)

    @property
    def environment(self) -> Environment | None:
        """The current environment; None for a visitor without a membership."""
        return self.membership.environment if self.membership else None

    def may(self, role: Role) -> bool:
        """Return whether the visitor has at least `role` here."""
        return self.membership is not None and self.membership.may(role)

    @property
    def may_operate(self) -> bool:
        """Whether the visitor may create and change MCP servers here."""
        return self.may(Role.OPERATOR)

    @property
    def may_administer(self) -> bool:
        """Whether the visitor may connect and change accounts here."""
        return self.may(Role.ADMIN)


class PortalRequest(HttpRequest):
    """A request from a signed-in user; `signed_in` sets its visit."""

    user: User
    htmx: HtmxDetails
    session: SessionStore
    visit: Visit


@dataclass
class FactorNeeded(Exception):
    """The visitor belongs to an environment that they enter only with a second factor, and has none."""

    environment: Environment


class EnvironmentMoved(Exception):
    """A form was rendered for another environment than its sender is in now."""


P = ParamSpec("P")


def signed_in(view: Callable[Concatenate[PortalRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Require a sign-in, set the request's visit, and answer EnvironmentMoved and FactorNeeded."""

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
        except FactorNeeded as needed:
            return _to_factor(visitor, needed.environment)

    return wrapper


def visit_of(request: PortalRequest) -> Visit:
    """Return the visit of a request: in the environment chosen in the session, otherwise in the first."""
    memberships, locked = _divided(list(Membership.objects.filter(user=request.user).select_related("environment")))
    chosen = request.session.get(CHOSEN)
    # The session may name an environment that the user has since been removed from.
    for membership in memberships:
        if str(membership.environment_id) == chosen:
            return Visit(memberships, membership, locked=locked)
    return Visit(memberships, memberships[0] if memberships else None, locked=locked)


def _divided(memberships: list[Membership]) -> tuple[list[Membership], list[Environment]]:
    """Return the memberships in environments that their person may enter, and the other environments."""
    if not any(each.environment.second_factor_required for each in memberships):
        return memberships, []
    open_ones = set(Membership.objects.filter(pk__in=[each.pk for each in memberships]).enterable())
    return (
        [each for each in memberships if each in open_ones],
        [each.environment for each in memberships if each not in open_ones],
    )


def enter(request: PortalRequest, environment_id: UUID) -> None:
    """Switch this request and the session to an environment; raise Http404 unless the visitor is a member.

    Raises FactorNeeded for one that the visitor may not enter yet.
    """
    for membership in request.visit.memberships:
        if membership.environment_id == environment_id:
            request.visit.membership, request.visit.named = membership, True
            # Assigning marks the session as modified, which costs a write.
            if request.session.get(CHOSEN) != str(environment_id):
                request.session[CHOSEN] = str(environment_id)
            return
    for environment in request.visit.locked:
        if environment.pk == environment_id:
            raise FactorNeeded(environment)
    raise Http404("You do not belong to this environment.")


def require(request: PortalRequest, role: Role) -> Environment:
    """Return the current environment; raise PermissionDenied unless the visitor has at least `role` there.

    Raises EnvironmentMoved for a form that was rendered for another environment or names none: following a link or
    being removed may have changed the session's environment since then.
    """
    environment = request.visit.environment
    if environment is None:
        turn_to_factor(request)
        raise PermissionDenied("You do not belong to an environment yet. Ask an admin of your team to invite you.")
    if request.method not in SAFE and not request.visit.named and not _is_meant(request, environment):
        raise EnvironmentMoved
    if not request.visit.may(role):
        raise PermissionDenied(
            f"This requires the role “{role.value}” in {environment.name}, which you do not have. "
            f"Ask an admin of {environment.name} to do it, or to give you the role."
        )
    return environment


def _is_meant(request: PortalRequest, environment: Environment) -> bool:
    """Return whether a form was rendered for this environment.

    A form that names none is accepted if the sender has this single membership and the session names no other.
    """
    shown = request.POST.get(SHOWN)
    if shown is not None:
        return shown == str(environment.pk)
    return len(request.visit.memberships) == 1 and request.session.get(CHOSEN) in {None, str(environment.pk)}


def _moved(request: PortalRequest) -> HttpResponse:
    """Say that nothing was done and link to both environments, without showing what was typed."""
    meant = [row for row in request.visit.memberships if str(row.environment_id) == request.POST.get(SHOWN)]
    context = {"present": request.visit.environment, "meant": meant[0].environment if meant else None}
    return render(request, "environment_moved.html", context, status=MOVED)


def account_for(request: PortalRequest, account_id: UUID, role: Role = Role.VIEWER) -> IntegratedAccount:
    """Return an account and switch to its environment.

    Raises Http404 if the visitor cannot see the account, FactorNeeded if they may not yet, PermissionDenied if they
    lack `role`.
    """
    accounts = accounts_of(request.user).select_related("integration", "environment")
    account = accounts.defer("integration__definition").filter(pk=account_id).first()
    if account is None:
        locked = IntegratedAccount.objects.filter(pk=account_id, environment__in=request.visit.locked).first()
        if locked is not None:
            raise FactorNeeded(locked.environment)
        raise Http404(
            "There is no such account here. It may have been disconnected, or belong to an environment you are not in."
        )
    enter(request, account.environment_id)
    require(request, role)
    return account


def tell(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Show a message on the next page; `undo` is the URL that a POST reverts the change with."""
    messages.success(request, text, extra_tags=undo)


def warn(request: HttpRequest, text: str) -> None:
    """Show an error on the next page."""
    messages.error(request, text)


def turn_to_factor(request: PortalRequest) -> None:
    """Raise FactorNeeded for a visitor who is in no environment, and has one to enter with a second factor."""
    if request.visit.environment is None and request.visit.locked:
        raise FactorNeeded(request.visit.locked[0])


def _to_factor(request: PortalRequest, environment: Environment) -> HttpResponse:
    warn(request, f"{environment} takes two-factor sign-in. Set it up here, and then go on.")
    page = reverse("profile-second-factor")
    return HttpResponseClientRedirect(page) if request.htmx else redirect(page)


def _to_sign_in(request: PortalRequest) -> HttpResponse:
    if not request.htmx:
        return redirect_to_login(request.get_full_path())
    # htmx would follow a redirect and put the sign-in page into a part of the current one.
    current = request.htmx.current_url_abs_path or "/"
    return HttpResponseClientRedirect(redirect_to_login(current).url)
