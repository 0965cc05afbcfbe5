"""The pages behind an invitation link: show it, accept it, decline it."""

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
from accounts.signing_in.entering import enter
from accounts.web.refusals import REFUSED
from portal.people.forms import JoinForm
from portal.requests import CHOSEN, tell

# Other sites see the origin only, never the path with the token. Not `no-referrer`: with it browsers send
# `Origin: null` with a form, and Django's CSRF check fails.
REFERRERS = "strict-origin"


def behind_link(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Keep a page with a token in its path out of caches and referrers; answer every unusable link alike."""

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
    """Show an invitation and how to answer it, without changing anything."""
    invitation = find(token)
    if request.user.is_authenticated:
        return _answer_page(request, token, invitation)
    return _join_page(request, token, invitation, JoinForm(invitation.email))


@require_POST
@behind_link
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Let the signed-in user join."""

    def accepted(person: User) -> HttpResponse:
        return _welcome(request, accept_as(token, person), redirect("accounts"))

    return _respond(request, token, accepted)


@require_POST
@behind_link
def refuse(request: HttpRequest, token: str) -> HttpResponse:
    """Decline on behalf of the signed-in user."""

    def declined(person: User) -> HttpResponse:
        place = decline(token, person).environment
        tell(request, f"You have declined. Nothing changes in {place}, and the link no longer works.")
        return redirect("accounts")

    return _respond(request, token, declined)


@require_POST
@behind_link
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Create a new user, who joins and is signed in."""
    if request.user.is_authenticated:
        return redirect("invitation", token)
    if not settings.PASSWORD_SIGN_IN:
        return redirect("invitation", token)
    invitation = find(token)
    form = JoinForm(invitation.email, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        person = NewPerson(data["username"], data["first_name"], data["last_name"], data["password1"])
        try:
            membership = accept_as_new(token, person)
        except InvitationUnusable:
            raise  # a MemberRefused too, but `behind_link` answers it
        except MemberRefused as refused:
            form.add_error("username", str(refused))
        else:
            return _welcome(request, membership, _sign_in(request, membership.user))
    return _join_page(request, token, invitation, form, status=REFUSED)


def _respond(request: HttpRequest, token: str, answer: Callable[[User], HttpResponse]) -> HttpResponse:
    """Answer as the signed-in user; show the invitation again if that user may not answer it."""
    if not request.user.is_authenticated:
        return redirect("invitation", token)
    try:
        return answer(request.user)
    except InvitationUnusable:
        raise  # a MemberRefused too, but `behind_link` answers it
    except MemberRefused:
        return _answer_page(request, token, find(token), status=REFUSED)


def _sign_in(request: HttpRequest, person: User) -> HttpResponse:
    # A new user was not authenticated by a backend, so the first one is named.
    return enter(request, person, settings.AUTHENTICATION_BACKENDS[0], reverse("accounts"))


def _welcome(request: HttpRequest, membership: Membership, response: HttpResponse) -> HttpResponse:
    request.session[CHOSEN] = str(membership.environment_id)
    tell(request, f"You belong to {membership.environment} now, as {membership.role}.")
    return response


def _answer_page(
    request: HttpRequest, token: str, invitation: Invitation, *, status: int | None = None
) -> HttpResponse:
    context = {
        "invitation": invitation,
        "token": token,
        "obstacle": obstacle_for(invitation, cast(User, request.user)),
    }
    return render(request, "invitations/answer.html", context, status=status)


def _join_page(
    request: HttpRequest, token: str, invitation: Invitation, form: JoinForm, *, status: int | None = None
) -> HttpResponse:
    back = urlencode({"next": reverse("invitation", args=[token])})
    context = {
        "invitation": invitation,
        "token": token,
        "form": form,
        "sign_in": f"{reverse('sign-in')}?{back}",
        "passwords": settings.PASSWORD_SIGN_IN,
    }
    return render(request, "invitations/door.html", context, status=status)
