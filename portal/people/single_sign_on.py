"""Single sign-on: to the identity provider and back, and the identities in a person's profile."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import SignInRefused, SignOnFailed
from accounts.models import User
from accounts.signing_in.limits import begin_from_address
from accounts.signing_in.passwords import may_use_password
from accounts.signing_in.reauthentication import recently_authenticated
from accounts.single_sign_on import attempts
from accounts.single_sign_on.answers import address_for, identity_in
from accounts.single_sign_on.attempts import SignOnAttempt
from accounts.single_sign_on.authentication import VouchedIdentity
from accounts.single_sign_on.people import connect, disconnect, person_of
from accounts.single_sign_on.providers import IdentityProvider, provider_named
from portal.people.sign_in import let_in, locked_out
from portal.requests import PortalRequest, signed_in, tell, warn

logger = logging.getLogger(__name__)

REFUSED, AWAY = 403, 502
UNKNOWN = (
    "This answer does not belong to a sign-in that was begun in this browser within the last "
    f"{attempts.LIFETIME_SECONDS // 60} minutes, or it was used already. Nothing was done; start again."
)


@require_safe
def begin(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a person to an identity provider; with `again`, one who is signed in already."""
    provider = _provider(name)
    again = "again" in request.GET
    if request.user.is_authenticated and not again:
        return redirect(_target(request, request.GET.get("next", "")))
    attempt = SignOnAttempt(provider.name, next=request.GET.get("next", "")[:2000], again=again)
    try:
        response: HttpResponseBase = redirect(address_for(provider, attempt))
    except SignOnFailed as failure:
        return _failed(request, failure)
    attempts.remember(response, attempt)
    return response


@require_safe
def answer(request: HttpRequest, name: str) -> HttpResponseBase:
    """Handle a provider's answer: sign the person in, or add the identity to the one who is."""
    provider = _provider(name)
    attempt = attempts.answered(request, provider.name, request.GET.get("state", ""))
    if attempt is None:
        return _failed(request, SignOnFailed(UNKNOWN))
    try:
        # Or whoever has the cookie could have codes tried at the provider without end.
        counted = begin_from_address(request)
        response = _answered(request, provider, attempt)
        counted.take_back()
    except SignInRefused as refusal:
        return locked_out(request, refusal)
    except SignOnFailed as failure:
        if failure.is_passing:
            counted.take_back()
        response = _failed(request, failure)
    attempts.forget(response)
    return response


def _answered(request: HttpRequest, provider: IdentityProvider, attempt: SignOnAttempt) -> HttpResponse:
    vouched = identity_in(provider, attempt, request.GET.dict())
    if attempt.purpose == "connect":
        return _connected(request, provider, attempt, vouched)
    return _entered(request, attempt, person_of(provider, vouched))


@require_POST
@signed_in
@recently_authenticated
def begin_connecting(request: PortalRequest, name: str) -> HttpResponseBase:
    """Show the link that leads a signed-in person to a provider; a form cannot (portal/accounts/consent_views.py)."""
    provider = _provider(name)
    attempt = SignOnAttempt(provider.name, "connect", user_id=request.user.pk)
    try:
        address = address_for(provider, attempt)
    except SignOnFailed as failure:
        warn(request, str(failure))
        return redirect("profile")
    response = render(
        request, "people/connect_identity.html", {"section": "profile", "provider": provider, "to": address}
    )
    attempts.remember(response, attempt)
    return response


@require_POST
@signed_in
@recently_authenticated
def end_connection(request: PortalRequest, identity_id: int) -> HttpResponse:
    """Take an identity away from the signed-in person, unless nothing else would let them in."""
    identity = get_object_or_404(request.user.identities, pk=identity_id)
    if not may_use_password(request.user) and request.user.identities.count() == 1:
        warn(request, "This is your only way to sign in, so it stays. Connect another one first.")
    else:
        disconnect(identity, request.user)
        tell(request, "Disconnected: you no longer sign in with it.")
    return redirect("profile")


def _entered(request: HttpRequest, attempt: SignOnAttempt, user: User) -> HttpResponse:
    # A new session: it drops anything an attacker may have planted.
    request.session.flush()
    to = _target(request, attempt.next)
    return let_in(request, user, settings.AUTHENTICATION_BACKENDS[0], to, after=to if attempt.next else "")


def _connected(
    request: HttpRequest, provider: IdentityProvider, attempt: SignOnAttempt, vouched: VouchedIdentity
) -> HttpResponse:
    user = request.user
    if not user.is_authenticated or user.pk != attempt.user_id:
        raise SignOnFailed("You are no longer signed in as the person who began this. Nothing was changed.")
    connect(provider, vouched, user)
    tell(request, f"Connected: you can sign in with {provider.label} now.")
    return redirect("profile")


def _provider(name: str) -> IdentityProvider:
    provider = provider_named(name)
    if provider is None:
        raise Http404("Nobody signs in here with a provider of this name. It may have been taken out of the settings.")
    return provider


def _target(request: HttpRequest, wanted: str) -> str:
    """Return where the browser goes; to no other site."""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _failed(request: HttpRequest, failure: SignOnFailed) -> HttpResponse:
    logger.warning("Single sign-on failed: %s", failure)
    context = {"reason": str(failure), "signed_in": request.user.is_authenticated}
    return render(request, "sign_on_refused.html", context, status=AWAY if failure.is_passing else REFUSED)
