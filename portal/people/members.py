"""The members of an environment, their roles, and its invitations."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import MemberRefused
from accounts.models import Environment, Invitation, InvitationState, Membership, Role, SecondFactor
from accounts.people.invitation_forms import InviteForm
from accounts.people.invitations import InvitationOffer, invite, renew, withdraw
from accounts.people.members import admitters, change_role, put_back_member, remove_member, require_second_factor
from accounts.signing_in.reauthentication import recently_authenticated
from accounts.web.refusals import REFUSED
from portal.people.forms import RoleForm
from portal.requests import PortalRequest, require, signed_in, tell, warn

PAGE = 25


@dataclass(frozen=True)
class InvitationRow:
    """An unanswered invitation as a table row."""

    invitation: Invitation
    inviter_may: bool

    @property
    def standing(self) -> tuple[str, str]:
        """The icon's name and the text for the invitation's state."""
        state = self.invitation.state()
        if state != InvitationState.WAITING:
            return "expired", state.label
        if not self.inviter_may:
            return "attention", "Void: the inviter may no longer invite"
        if not self.invitation.email:
            return "paused", "Waits: link handed out"
        if self.invitation.sent_at is not None:
            return "paused", "Waits: mailed"
        return ("paused", "Is being mailed") if self.invitation.send_after else ("attention", "Could not be mailed")


@contextmanager
def _refusal_shown(request: PortalRequest) -> Iterator[None]:
    """Show why a change of members is refused, and leave the rest of the block out."""
    try:
        yield
    except MemberRefused as refused:
        warn(request, str(refused))


@require_safe
@signed_in
def list_people(request: PortalRequest) -> HttpResponse:
    """Show the members, and to admins the invitations."""
    return _people(request, require(request, Role.VIEWER), InviteForm())


@require_POST
@signed_in
@recently_authenticated
def invite_somebody(request: PortalRequest) -> HttpResponse:
    """Invite someone, by mail or by a link that is shown once."""
    environment = require(request, Role.ADMIN)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _people(request, environment, form)
    try:
        offer = invite(environment, request.user, **form.terms())
    except MemberRefused as refused:
        form.add_error(None, str(refused))
        return _people(request, environment, form)
    return _offered(request, offer)


@require_POST
@signed_in
@recently_authenticated
def invite_anew(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Make a new link for an invitation; the previous one stops working."""
    invitation = _invitation(require(request, Role.ADMIN), invitation_id)
    if invitation.email and not settings.MAIL_ENABLED:
        warn(request, "Mail is not set up any more. Withdraw this invitation, and invite with a link instead.")
        return redirect("people")
    try:
        return _offered(request, renew(invitation, request.user))
    except MemberRefused as refused:
        warn(request, str(refused))
        return redirect("people")


@require_POST
@signed_in
def withdraw_invitation(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = _invitation(require(request, Role.ADMIN), invitation_id)
    with _refusal_shown(request):
        withdraw(invitation, request.user)
        tell(request, "The invitation is withdrawn: its link no longer works.")
    return redirect("people")


@require_POST
@signed_in
@recently_authenticated
def second_factor(request: PortalRequest) -> HttpResponse:
    """Require two-factor sign-in of the members, or no longer."""
    environment = require(request, Role.ADMIN)
    required = request.POST.get("required") == "1"
    require_second_factor(environment, request.user, required)
    if required:
        tell(request, f"Only people with two-factor sign-in enter {environment.name} now.")
    else:
        tell(request, f"{environment.name} takes no second factor any more.")
    return redirect("people")


@require_POST
@signed_in
@recently_authenticated
def change(request: PortalRequest, membership_id: int) -> HttpResponse:
    """Change a member's role."""
    membership = _membership(require(request, Role.ADMIN), membership_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        with _refusal_shown(request):
            change_role(membership, request.user, Role(form.cleaned_data["role"]))
            tell(request, f"{membership.user} is {membership.role} now.")
    return redirect("people")


@require_POST
@signed_in
def remove(request: PortalRequest, membership_id: int) -> HttpResponse:
    """Remove a member from the environment."""
    membership = _membership(require(request, Role.ADMIN), membership_id)
    with _refusal_shown(request):
        remove_member(membership, request.user)
        # Members who leave cannot put themselves back, so they get no undo.
        others = membership.user_id != request.user.pk
        undo = reverse("people-put-back", args=[membership.user_id]) if others else ""
        tell(request, f"{membership.user} no longer belongs to {membership.environment.name}.", undo=undo)
    return redirect("people")


@require_POST
@signed_in
@recently_authenticated
def put_back(request: PortalRequest, user_id: int) -> HttpResponse:
    """Undo the removal of a member."""
    environment = require(request, Role.ADMIN)
    with _refusal_shown(request):
        membership = put_back_member(environment, request.user, user_id)
        tell(request, f"{membership.user} belongs to {environment.name} again, as {membership.role}.")
    return redirect("people")


def _membership(environment: Environment, membership_id: int) -> Membership:
    rows = Membership.objects.select_related("user", "environment").filter(environment=environment)
    membership = rows.filter(pk=membership_id).first()
    if membership is None:
        raise Http404("This person no longer belongs to the environment.")
    return membership


def _invitation(environment: Environment, invitation_id: UUID) -> Invitation:
    invitation = environment.invitations.filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404("There is no such invitation to this environment.")
    return invitation


def _people(request: PortalRequest, environment: Environment, form: InviteForm) -> HttpResponse:
    secured = SecondFactor.objects.filter(user=OuterRef("user")).exclude(confirmed_at=None)
    rows = Membership.objects.filter(environment=environment).select_related("user")
    shown = rows.annotate(has_second_factor=Exists(secured)).order_by("user__username")
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    # Only admins see the addresses of people who have not agreed to anything yet.
    pending = _pending(environment) if request.visit.may_administer else []
    context = {"section": "people", "page": page, "form": form, "roles": Role.choices, "pending": pending}
    return render(
        request,
        "people/members.html",
        {**context, "mail": settings.MAIL_ENABLED, "days": settings.INVITATION_LIFETIME.days},
        status=REFUSED if form.is_bound else None,
    )


def _pending(environment: Environment) -> list[InvitationRow]:
    invitations = list(environment.invitations.unanswered())
    # One query for all rows: an invitation is void once its inviter may no longer invite.
    inviters = {each.invited_by_id for each in invitations if each.invited_by_id is not None}
    able = set(admitters(environment).filter(pk__in=inviters).values_list("pk", flat=True)) if inviters else set()
    return [InvitationRow(each, each.invited_by_id is None or each.invited_by_id in able) for each in invitations]


def _offered(request: PortalRequest, offer: InvitationOffer) -> HttpResponse:
    invitation = offer.invitation
    if offer.path is None:
        tell(request, f"The invitation goes to {invitation.email} within a minute, and nowhere else.")
        return redirect("people")
    context = {"section": "people", "invitation": invitation, "url": f"{settings.PUBLIC_URL}{offer.path}"}
    return render(request, "people/invited.html", context)
