"""Ask for the password again before sensitive actions, which an unattended browser must not permit.

A page replaces the answer and carries the posted values along, so that the original request is answered once the
password is right. The password alone is enough: a person with a second factor gave a code when the session began, and
no session outlives a change of the factor.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.errors import SignInRefused
from accounts.models import User
from accounts.people.sessions import SessionStore
from accounts.signing_in.backend import is_password_of
from accounts.signing_in.passwords import may_use_password
from accounts.single_sign_on.providers import IdentityProvider, providers
from accounts.web.refusals import REFUSED, refused

RECENT = timedelta(minutes=15)
# Field names that no other form uses, because the page carries other forms' fields along.
FIELD = "confirm_password"
READING = "confirm_then_read"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponseBase]


class PasswordAgainForm(forms.Form):
    """The signed-in person's password; `refusal` is set after too many wrong ones."""

    confirm_password = forms.CharField(
        label="Your password",
        strip=False,  # a password may begin or end with a space
        max_length=4096,
        error_messages={"required": "Give your password."},
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, request: HttpRequest, user: User, data: QueryDict | None) -> None:
        super().__init__(data)
        self._request = request
        self._user = user
        self.refusal: SignInRefused | None = None

    def clean_confirm_password(self) -> str:
        """Check the password, under the limits on guessing."""
        password: str = self.cleaned_data[FIELD]
        try:
            right = is_password_of(self._request, self._user, password)
        except SignInRefused as refusal:
            self.refusal = refusal
            raise forms.ValidationError(str(refusal)) from None
        if not right:
            raise forms.ValidationError("This is not your password. Nothing was done yet.")
        return password


def recently_authenticated(view: View[R, P], *, reading: bool = False) -> View[R, P]:
    """Require a recent password for changes, and with `reading` for every request.

    Apply it below `signed_in`, and below decorators that refuse methods.
    """

    @wraps(view)
    def wrapper(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        required = reading or request.method not in SAFE
        if required and isinstance(request.user, User) and not is_recent(request):
            page = _ask(request, request.user)
            if page is not None:
                return page
        _take_out(request)
        return view(request, *args, **kwargs)

    return wrapper


def always_recently_authenticated(view: View[R, P]) -> View[R, P]:
    """Require a recent password even to see a page, because it shows a secret."""
    return recently_authenticated(view, reading=True)


def is_recent(request: HttpRequest) -> bool:
    """Return whether the session's person proved their identity within RECENT."""
    given = request.session.password_given_at if isinstance(request.session, SessionStore) else None
    return given is not None and timezone.now() - given < RECENT


def _ask(request: HttpRequest, user: User) -> HttpResponse | None:
    """Return the page that asks for the password; None if the request contains the right one."""
    form = PasswordAgainForm(request, user, request.POST if FIELD in request.POST else None)
    if not form.is_valid():
        return _page(request, user, form)
    if isinstance(request.session, SessionStore):
        request.session.note_password()
    if READING in request.POST:
        # The POST only gave the password for a page that is read by GET.
        return HttpResponseRedirect(request.get_full_path())
    return None


def _page(request: HttpRequest, user: User, form: PasswordAgainForm) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    context = {
        "form": form,
        "action": request.get_full_path(),
        "carried": list(_carried(request)),
        "reading": request.method in SAFE or READING in request.POST,
        "target": getattr(htmx, "target", "") if htmx else "",
        "has_password": may_use_password(user),
        "providers": _providers(user),
        "back": _back(request),
    }
    response = render(request, "password_again.html", context, status=REFUSED)
    # For htmx the same URL answers with a fragment.
    patch_vary_headers(response, ["HX-Request"])
    return refused(response, form.refusal)


def _providers(user: User) -> list[IdentityProvider]:
    """Return the identity providers with which this person can sign in again."""
    issuers = set(user.identities.values_list("issuer", flat=True))
    return [each for each in providers() if each.issuer in issuers]


def _back(request: HttpRequest) -> str:
    """Return the page to come back to: this one if it can be read, and else the one it was asked for from."""
    if request.method in SAFE:
        return request.get_full_path()
    htmx = getattr(request, "htmx", None)
    referrer = urlsplit((htmx.current_url if htmx else None) or request.headers.get("Referer", ""))
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path


def _carried(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Yield the posted names and values to carry along."""
    for name, values in request.POST.lists():
        if name not in {FIELD, READING, "csrfmiddlewaretoken"}:
            yield from ((name, str(value)) for value in values)


def _take_out(request: HttpRequest) -> None:
    """Remove the password from the POST data, so that it reaches no form or record of the view."""
    if FIELD in request.POST:
        rest = request.POST.copy()
        del rest[FIELD]
        request.POST = rest  # type: ignore[assignment]  # the stubs declare it immutable
