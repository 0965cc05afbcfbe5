"""The profile page: name, password, second factor and sessions of the signed-in user."""

from typing import Any
from uuid import UUID

from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.people.second_factors import (
    begin_setup,
    check_code,
    confirm_setup,
    factor_of,
    remove_factor,
    renew_recovery_codes,
)
from accounts.people.sessions import end_session, end_sessions, sessions_of
from accounts.signing_in.passwords import may_use_password
from accounts.signing_in.reauthentication import always_recently_authenticated, recently_authenticated
from accounts.single_sign_on.providers import providers
from accounts.web.refusals import REFUSED
from portal.people.forms import CodeForm, DetailsForm, OwnPasswordForm, RemoveFactorForm
from portal.people.qr_codes import qr_code
from portal.people.sign_in import WRONG
from portal.requests import PortalRequest, signed_in, tell

ISSUER = "Patchbay"


@require_safe
@signed_in
def show(request: PortalRequest) -> HttpResponse:
    """Show what users can change about themselves."""
    return _profile(request)


@require_POST
@signed_in
@recently_authenticated  # links for a new password go to the address
def details(request: PortalRequest) -> HttpResponse:
    """Save the name and email address."""
    # A separate instance: validation assigns to it even if the form is refused.
    form = DetailsForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _profile(request, details_form=form)
    form.save()
    tell(request, "Your details are saved.")
    return redirect("profile")


@require_POST
@signed_in
def password(request: PortalRequest) -> HttpResponse:
    """Change the password and end the user's other sessions."""
    form = OwnPasswordForm(request, request.user, request.POST)
    if not form.is_valid():
        return _profile(request, password_form=form)
    # A new password invalidates every session of the user; this one gets the new hash and stays.
    update_session_auth_hash(request, form.save())
    request.session.note_password()
    _end_others(request)
    tell(request, "Your password is changed. You are signed out everywhere else.")
    return redirect("profile")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@always_recently_authenticated
def set_up_factor(request: PortalRequest) -> HttpResponse:
    """Show the secret as a QR code; switch the second factor on once a code proves it was scanned."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if factor_of(request.user) is not None:
        return redirect("profile")
    if form.is_valid():
        codes = confirm_setup(request.user, form.cleaned_data["code"])
        if codes is not None:
            _end_others(request)
            return _codes_shown(request, codes, fresh=True)
        form.add_error("code", WRONG)
    # After a wrong code the secret stays: it is already in the user's authenticator.
    factor = getattr(request.user, "second_factor", None) if form.is_bound else None
    factor = factor or begin_setup(request.user)
    context = {
        "section": "profile",
        "form": form,
        "qr_code": qr_code(factor.setup_address(ISSUER)),
        "secret": factor.read_secret(),
    }
    return render(request, "people/second_factor.html", context, status=REFUSED if form.is_bound else None)


@require_POST
@signed_in
@recently_authenticated
def recovery_codes(request: PortalRequest) -> HttpResponse:
    """Replace the recovery codes, given a code, and end the user's other sessions."""
    form = CodeForm(request.POST)
    if not form.is_valid() or not check_code(request.user, form.cleaned_data["code"]):
        form.add_error("code", WRONG)
        return _profile(request, code_form=form)
    codes = renew_recovery_codes(request.user)
    _end_others(request)
    return _codes_shown(request, codes)


@require_POST
@signed_in
@recently_authenticated
def drop_factor(request: PortalRequest) -> HttpResponse:
    """Switch the second factor off, given the password and a code."""
    form = RemoveFactorForm(request, request.user, request.POST)
    if form.is_valid():
        if check_code(request.user, form.cleaned_data["code"]):
            remove_factor(request.user, request.user)
            _end_others(request)
            tell(request, "Two-factor sign-in is off. Signing in takes no code any more.")
            return redirect("profile")
        form.add_error("code", WRONG)
    return _profile(request, remove_form=form)


@require_POST
@signed_in
def sign_out_session(request: PortalRequest, session_id: UUID) -> HttpResponse:
    """End one of the user's sessions, possibly the current one."""
    row = next((row for row in sessions_of(request.user) if row.pk == session_id), None)
    if row is None:
        raise Http404("There is no such session. It may have ended already.")
    if request.session.row is not None and row.pk == request.session.row.pk:
        return _sign_out(request)
    end_session(row, request.user)
    tell(request, f"{row.device or 'The browser'} is signed out.")
    return redirect("profile")


@require_POST
@signed_in
def sign_out_everywhere(request: PortalRequest) -> HttpResponse:
    """End all sessions of the user, including this one."""
    end_sessions(request.user, request.user)
    return _sign_out(request)


def _sign_out(request: PortalRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


def _end_others(request: PortalRequest) -> None:
    end_sessions(request.user, request.user, but=request.session.row)


def _codes_shown(request: PortalRequest, codes: list[str], *, fresh: bool = False) -> HttpResponse:
    context = {"section": "profile", "codes": "\n".join(codes), "fresh": fresh}
    return render(request, "people/recovery_codes.html", context)


def _identities(user: User) -> dict[str, Any]:
    """Return the identities of a person with the labels of their providers, and the providers still to connect."""
    labels = {each.issuer: each.label for each in providers()}
    rows = list(user.identities.all())
    connected = {row.issuer for row in rows}
    return {
        "identities": [(labels.get(row.issuer, row.issuer), row) for row in rows],
        "connectable": [each for each in providers() if each.issuer not in connected],
    }


def _profile(
    request: PortalRequest,
    *,
    details_form: DetailsForm | None = None,
    password_form: OwnPasswordForm | None = None,
    code_form: CodeForm | None = None,
    remove_form: RemoveFactorForm | None = None,
) -> HttpResponse:
    """Show the profile, with the form that was refused, if any."""
    passwords = password_form or OwnPasswordForm(request, request.user)
    if password_form is None:
        passwords.fields["old_password"].widget.attrs.pop("autofocus", None)  # the form is in the middle of the page
    refused = any((details_form, password_form, code_form, remove_form))
    context = {
        "section": "profile",
        "factor": factor_of(request.user),
        "has_password": may_use_password(request.user),
        "details_form": details_form or DetailsForm(instance=request.user),
        "password_form": passwords,
        "code_form": code_form or CodeForm(auto_id="codes_%s"),
        "remove_form": remove_form or RemoveFactorForm(request, request.user, auto_id="remove_%s"),
        **_identities(request.user),
        "sessions": sessions_of(request.user),
        "this_session": request.session.row.pk if request.session.row is not None else None,
    }
    return render(request, "people/profile.html", context, status=REFUSED if refused else None)
