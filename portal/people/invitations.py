"""What somebody sees who opens the link of an invitation: what it is, and the ways to answer it."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import InvitationUnusable, MemberRefused
from accounts.models import Invitation, Membership, User
from accounts.people.invitations import NewPerson, accept_as, accept_as_new, decline, find, obstacle_for
from accounts.refusals import REFUSED
from accounts.signing_in.entering import enter
from portal.people.forms import JoinForm
from portal.requests import CHOSEN, tell

# What a page of this kind says to others of where somebody comes from: the site, never the path with the token. Not
# `no-referrer`: with it browsers send `Origin: null` along with a form, by which Django can tell no forgery any more.
REFERRERS = "strict-origin"


def behind_link(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Keep a page with a token in its path out of caches and referrers; answer every useless link alike."""

    @never_cache
    @wraps(view)
    def wrapper(request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            response = view(request, token)
        except InvitationUnusable as unusable:
            response = render(request, "error.html", {"status": 404, "detail": str(unusable)}, status=404)
        response["Referrer-Policy"] = REFERRERS
        return response

    return wrapper


@require_safe
@behind_link
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation and the ways to answer it; changes nothing."""
    invitation = find(token)
    if request.user.is_authenticated:
        return _answer(request, token, invitation)
    return _door(request, token, invitation, JoinForm(invitation.email))


@require_POST
@behind_link
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Have whoever is signed in join."""

    def accepted(person: User) -> HttpResponse:
        return _enter(request, accept_as(token, person), redirect("accounts"))

    return _answered(request, token, accepted)


@require_POST
@behind_link
def refuse(request: HttpRequest, token: str) -> HttpResponse:
    """Have whoever is signed in decline."""

    def declined(person: User) -> HttpResponse:
        place = decline(token, person).environment
        tell(request, f"You have declined. {place} stays as it is without you, and the link is dead.")
        return redirect("accounts")

    return _answered(request, token, declined)


@require_POST
@behind_link
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account for somebody new, who joins with it and is signed in."""
    if request.user.is_authenticated:
        return redirect("invitation", token)
    invitation = find(token)
    form = JoinForm(invitation.email, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        person = NewPerson(data["username"], data["first_name"], data["last_name"], data["password1"])
        try:
            membership = accept_as_new(token, person)
        except InvitationUnusable:
            raise
        except MemberRefused as refused:
            form.add_error("username", str(refused))
        else:
            return _enter(request, membership, _begin(request, membership.user))
    return _door(request, token, invitation, form, status=REFUSED)


def _answered(request: HttpRequest, token: str, answer: Callable[[User], HttpResponse]) -> HttpResponse:
    """Answer in the name of whoever is signed in; show the invitation again where it is none of theirs."""
    if not request.user.is_authenticated:
        return redirect("invitation", token)
    try:
        return answer(request.user)
    except InvitationUnusable:
        raise
    except MemberRefused:
        return _answer(request, token, find(token), status=REFUSED)


def _begin(request: HttpRequest, person: User) -> HttpResponse:
    return enter(request, person, settings.AUTHENTICATION_BACKENDS[0], reverse("accounts"))


def _enter(request: HttpRequest, membership: Membership, response: HttpResponse) -> HttpResponse:
    request.session[CHOSEN] = str(membership.environment_id)
    tell(request, f"You belong to {membership.environment} now, as {membership.role}.")
    return response


def _answer(request: HttpRequest, token: str, invitation: Invitation, *, status: int | None = None) -> HttpResponse:
    context = {
        "invitation": invitation,
        "token": token,
        "obstacle": obstacle_for(invitation, cast(User, request.user)),
    }
    return render(request, "invitations/answer.html", context, status=status)


def _door(
    request: HttpRequest, token: str, invitation: Invitation, form: JoinForm, *, status: int | None = None
) -> HttpResponse:
    back = urlencode({"next": reverse("invitation", args=[token])})
    context = {"invitation": invitation, "token": token, "form": form, "sign_in": f"{reverse('sign-in')}?{back}"}
    return render(request, "invitations/door.html", context, status=status)
