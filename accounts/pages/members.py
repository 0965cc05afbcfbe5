"""The people of an environment: who belongs to it as what."""

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import MemberRefused
from accounts.members import add_member, change_role, invitation_path, put_back_member, remove_member
from accounts.models import Environment, Membership, Role, SecondFactor
from accounts.pages.people_forms import MemberForm, RoleForm
from accounts.pages.reauthentication import recently_authenticated
from accounts.portal import REFUSED, PortalRequest, require, signed_in, tell, warn

PAGE = 25


@require_safe
@signed_in
def list_people(request: PortalRequest) -> HttpResponse:
    """Show who belongs to the environment."""
    return _people(request, require(request, Role.VIEWER), MemberForm())


@require_POST
@signed_in
@recently_authenticated
def add(request: PortalRequest) -> HttpResponse:
    """Add somebody; a person who is new gets a link, shown once, to set a password."""
    environment = require(request, Role.ADMIN)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _people(request, environment, form)
    data = form.cleaned_data
    try:
        membership, _ = add_member(environment, request.user, username=data["username"], role=Role(data["role"]))
    except MemberRefused as refused:
        form.add_error("username", str(refused))
        return _people(request, environment, form)
    path = invitation_path(membership.user)
    if path is None:
        tell(request, f"{membership.user} belongs to {environment.name} now.")
        return redirect("people")
    return _shown(request, membership, path)


@require_POST
@signed_in
@recently_authenticated
def invite_again(request: PortalRequest, membership_id: int) -> HttpResponse:
    """Show a new link for somebody who has not signed in yet; those before still work until one is used."""
    membership = _membership(require(request, Role.ADMIN), membership_id)
    path = invitation_path(membership.user)
    if path is None:
        warn(request, f"{membership.user} has a password already.")
        return redirect("people")
    return _shown(request, membership, path)


@require_POST
@signed_in
@recently_authenticated
def change(request: PortalRequest, membership_id: int) -> HttpResponse:
    """Give somebody another role."""
    membership = _membership(require(request, Role.ADMIN), membership_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            change_role(membership, request.user, Role(form.cleaned_data["role"]))
            tell(request, f"{membership.user} is {membership.role} now.")
        except MemberRefused as refused:
            warn(request, str(refused))
    return redirect("people")


@require_POST
@signed_in
def remove(request: PortalRequest, membership_id: int) -> HttpResponse:
    """Take somebody out of the environment."""
    membership = _membership(require(request, Role.ADMIN), membership_id)
    try:
        remove_member(membership, request.user)
    except MemberRefused as refused:
        warn(request, str(refused))
    else:
        # Who has left cannot come back by themselves.
        others = membership.user_id != request.user.pk
        undo = reverse("people-put-back", args=[membership.user_id]) if others else ""
        tell(request, f"{membership.user} does not belong to {membership.environment.name} any more.", undo=undo)
    return redirect("people")


@require_POST
@signed_in
@recently_authenticated
def put_back(request: PortalRequest, user_id: int) -> HttpResponse:
    """Undo the removal of somebody."""
    environment = require(request, Role.ADMIN)
    try:
        membership = put_back_member(environment, request.user, user_id)
    except MemberRefused as refused:
        warn(request, str(refused))
    else:
        tell(request, f"{membership.user} belongs to {environment.name} again, as {membership.role}.")
    return redirect("people")


def _membership(environment: Environment, membership_id: int) -> Membership:
    rows = Membership.objects.select_related("user", "environment").filter(environment=environment)
    membership = rows.filter(pk=membership_id).first()
    if membership is None:
        raise Http404("This person does not belong to the environment any more.")
    return membership


def _people(request: PortalRequest, environment: Environment, form: MemberForm) -> HttpResponse:
    secured = SecondFactor.objects.filter(user=OuterRef("user")).exclude(confirmed_at=None)
    rows = Membership.objects.filter(environment=environment).select_related("user")
    rows = rows.annotate(has_second_factor=Exists(secured)).order_by("user__username")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"section": "people", "page": page, "form": form, "roles": Role.choices}
    return render(request, "people/members.html", context, status=REFUSED if form.is_bound else None)


def _shown(request: PortalRequest, membership: Membership, path: str) -> HttpResponse:
    context = {"section": "people", "membership": membership, "url": f"{settings.PUBLIC_URL}{path}"}
    return render(request, "people/invited.html", context)
