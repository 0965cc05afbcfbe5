"""Somebody's own page: name, password, second factor."""

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.pages.people_forms import CodeForm, DetailsForm, RemoveFactorForm
from accounts.pages.qr_codes import qr_code
from accounts.pages.sign_in import WRONG
from accounts.portal import REFUSED, PortalRequest, signed_in, tell
from accounts.second_factors import (
    begin_setup,
    check_code,
    confirm_setup,
    factor_of,
    remove_factor,
    renew_recovery_codes,
)

ISSUER = "Patchbay"


@require_safe
@signed_in
def show(request: PortalRequest) -> HttpResponse:
    """Show what somebody can change about themselves."""
    return _profile(request)


@require_POST
@signed_in
def details(request: PortalRequest) -> HttpResponse:
    """Keep another name or email address."""
    form = DetailsForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _profile(request, details_form=form)
    form.save()
    tell(request, "Your details are saved.")
    return redirect("profile")


@require_POST
@signed_in
def password(request: PortalRequest) -> HttpResponse:
    """Take another password; every other session of the person ends."""
    form = PasswordChangeForm(request.user, request.POST)
    if not form.is_valid():
        return _profile(request, password_form=form)
    update_session_auth_hash(request, form.save())
    tell(request, "Your password is changed. You are signed out everywhere else.")
    return redirect("profile")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def set_up_factor(request: PortalRequest) -> HttpResponse:
    """Show the secret as a QR code, and take it into use once a code of it was given."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if factor_of(request.user) is not None:
        return redirect("profile")
    if form.is_valid():
        codes = confirm_setup(request.user, form.cleaned_data["code"])
        if codes is not None:
            return _codes_shown(request, codes, fresh=True)
        form.add_error("code", WRONG)
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
def recovery_codes(request: PortalRequest) -> HttpResponse:
    """Replace the recovery codes, against a code."""
    form = CodeForm(request.POST)
    if not form.is_valid() or not check_code(request.user, form.cleaned_data["code"]):
        form.add_error("code", WRONG)
        return _profile(request, code_form=form)
    return _codes_shown(request, renew_recovery_codes(request.user))


@require_POST
@signed_in
def drop_factor(request: PortalRequest) -> HttpResponse:
    """Ask for the password alone from now on, against password and code."""
    form = RemoveFactorForm(request.user, request.POST)
    if form.is_valid():
        if check_code(request.user, form.cleaned_data["code"]):
            remove_factor(request.user, request.user)
            tell(request, "Two-factor sign-in is off. Your password alone opens Patchbay now.")
            return redirect("profile")
        form.add_error("code", WRONG)
    return _profile(request, remove_form=form)


def _codes_shown(request: PortalRequest, codes: list[str], *, fresh: bool = False) -> HttpResponse:
    context = {"section": "profile", "codes": "\n".join(codes), "fresh": fresh}
    return render(request, "people/recovery_codes.html", context)


def _profile(
    request: PortalRequest,
    *,
    details_form: DetailsForm | None = None,
    password_form: PasswordChangeForm | None = None,
    code_form: CodeForm | None = None,
    remove_form: RemoveFactorForm | None = None,
) -> HttpResponse:
    """Show the profile, with what came back refused."""
    passwords = password_form or PasswordChangeForm(request.user)
    if password_form is None:
        passwords.fields["old_password"].widget.attrs.pop("autofocus", None)  # it stands in the middle of the page
    refused = any((details_form, password_form, code_form, remove_form))
    context = {
        "section": "profile",
        "factor": factor_of(request.user),
        "details_form": details_form or DetailsForm(instance=request.user),
        "password_form": passwords,
        "code_form": code_form or CodeForm(auto_id="codes_%s"),
        "remove_form": remove_form or RemoveFactorForm(request.user, auto_id="remove_%s"),
    }
    return render(request, "people/profile.html", context, status=REFUSED if refused else None)
