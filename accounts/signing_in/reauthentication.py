"""Ask for the password again before something that a browser left open must not be enough for.

A page of its own stands in for the answer. It carries on what was typed, so that once the password is right the very
request is answered that was asked. The password is enough for everybody: somebody with a second factor gave a code
when this session began, and no session outlives a change of it.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.errors import SignInRefused
from accounts.models import User
from accounts.people.sessions import SessionStore
from accounts.refusals import REFUSED, refused
from accounts.signing_in.backend import is_password_of

RECENT = timedelta(minutes=15)
# Names that no other form has.
FIELD = "confirm_password"
READING = "confirm_then_read"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponseBase]


class PasswordAgainForm(forms.Form):
    """The password of whoever is signed in."""

    confirm_password = forms.CharField(
        label="Your password",
        strip=False,
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
        """Refuse any other password, and too many of them."""
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
    """Answer changes, and with `reading` every request, only to somebody who gave the password in the last minutes.

    It stands below `signed_in`, and below what refuses methods.
    """

    @wraps(view)
    def wrapper(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        asked = reading or request.method not in SAFE
        if asked and isinstance(request.user, User) and not is_recent(request):
            stopped = _ask(request, request.user)
            if stopped is not None:
                return stopped
        _take_out(request)
        return view(request, *args, **kwargs)

    return wrapper


def always_recently_authenticated(view: View[R, P]) -> View[R, P]:
    """Hold even the sight of a page to a password that was given lately: it shows a secret."""
    return recently_authenticated(view, reading=True)


def is_recent(request: HttpRequest) -> bool:
    """Tell whether the session's person proved lately who they are."""
    given = request.session.password_given_at if isinstance(request.session, SessionStore) else None
    return given is not None and timezone.now() - given < RECENT


def _ask(request: HttpRequest, user: User) -> HttpResponse | None:
    """Return the page that asks for the password; None once the request holds it."""
    form = PasswordAgainForm(request, user, request.POST if FIELD in request.POST else None)
    if not form.is_valid():
        return _asked(request, user, form)
    if isinstance(request.session, SessionStore):
        request.session.note_password()
    if READING in request.POST:
        return HttpResponseRedirect(request.get_full_path())
    return None


def _asked(request: HttpRequest, user: User, form: PasswordAgainForm) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    context = {
        "form": form,
        "action": request.get_full_path(),
        "carried": list(_carried(request)),
        "reading": request.method in SAFE or READING in request.POST,
        "target": getattr(htmx, "target", "") if htmx else "",
        "has_password": user.has_usable_password(),
    }
    response = render(request, "password_again.html", context, status=REFUSED)
    # The same address answers a dialog with a part of a page.
    patch_vary_headers(response, ["HX-Request"])
    return refused(response, form.refusal)


def _carried(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Yield what was typed, each value by its name."""
    for name, values in request.POST.lists():
        if name not in {FIELD, READING, "csrfmiddlewaretoken"}:
            yield from ((name, str(value)) for value in values)


def _take_out(request: HttpRequest) -> None:
    """Keep the password from the view, whose forms and records it does not concern."""
    if FIELD in request.POST:
        rest = request.POST.copy()
        del rest[FIELD]
        request.POST = rest  # type: ignore[assignment]  # Django's own is immutable to those who read it
