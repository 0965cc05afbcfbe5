"""The pages for people who lost their password."""

from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import PasswordLinkUnusable
from accounts.signing_in.password_resets import ask_by_mail, choose_password, person_with
from accounts.web.refusals import REFUSED
from portal.people.forms import AddressForm
from portal.people.invitations import REFERRERS

ASKED = (
    "If somebody here signs in with this address and a password, a link is on its way there. It works "
    "for an hour. If none comes within a few minutes, look among the unwanted mail, or ask the person who runs "
    "Patchbay."
)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and have a link mailed there; the answer tells nothing about who is here."""
    if not (settings.MAIL_ENABLED and settings.PASSWORD_SIGN_IN):
        raise Http404("Passwords are not reset by mail here. Ask the person who runs Patchbay for your team.")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ask_by_mail(form.cleaned_data["email"])
        return render(request, "password_said.html", {"words": ASKED})
    return render(request, "password_forgotten.html", {"form": form}, status=REFUSED if form.is_bound else None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """Let the holder of a link choose a password; signing in with it, a second factor included, comes after."""
    try:
        response = _choose(request, token)
    except PasswordLinkUnusable as unusable:
        response = render(request, "error.html", {"status": 404, "detail": str(unusable)}, status=404)
    response["Referrer-Policy"] = REFERRERS
    return response


def _choose(request: HttpRequest, token: str) -> HttpResponse:
    person = person_with(token)
    form = SetPasswordForm(person, request.POST if request.method == "POST" else None)
    form.fields["new_password1"].help_text = "At least 8 characters, not only digits, and not easily guessed."
    if form.is_valid():
        choose_password(token, form.cleaned_data["new_password1"])
        return render(request, "password_said.html", {"words": "Your password is changed. Sign in with it."})
    context = {"form": form, "person": person}
    return render(request, "password_new.html", context, status=REFUSED if form.is_bound else None)
