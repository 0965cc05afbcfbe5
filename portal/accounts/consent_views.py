"""OAuth consent pages: on the way to the vendor, and back.

A form cannot redirect to the vendor: browsers apply the CSP's `form-action` to every redirect that follows a POST.
A form therefore leads to a page here, and a link on that page leads to the vendor.
"""

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import (
    AccountError,
    ConnectionIncomplete,
    ConnectionRefused,
    ConsentFailed,
    CredentialsUnreadable,
    DefinitionInvalid,
)
from accounts.models import IntegratedAccount, Integration, Role
from accounts.signing_in.reauthentication import recently_authenticated
from portal.accounts.consent import (
    LIFETIME_SECONDS,
    Consent,
    FailedConsent,
    authorization_url,
    begin,
    begun,
    note_failure,
    redirect_uri,
    take,
)
from portal.accounts.joining import client_of, finish, new_consent, typed_fields
from portal.requests import PortalRequest, account_for, enter, require, signed_in, tell, warn

UNKNOWN = (
    "This answer does not belong to a connection that was started in this browser within the last "
    f"{LIFETIME_SECONDS // 60} minutes, or it was used already. Nothing was connected. Start again."
)


@require_safe
@signed_in
def show_consent(request: PortalRequest, key: str) -> HttpResponse:
    """Show which host the user is sent to, the scopes that are requested, and the link."""
    consent = begun(request.session, request.user, key)
    if consent is None:
        warn(request, UNKNOWN)
        return redirect("accounts")
    enter(request, consent.environment_id)
    require(request, Role.ADMIN)
    integration = get_object_or_404(Integration, name=consent.integration)
    account = account_for(request, consent.account_id, Role.ADMIN) if consent.account_id else None
    try:
        client = client_of(integration, consent)
    except (ConsentFailed, DefinitionInvalid) as problem:
        return _begin_again(request, consent, integration, str(problem))
    context = {
        "integration": integration,
        "account": account,
        "name": account.name if account else consent.name,
        "back": _page(consent),
        "host": urlsplit(client.authorization_url).netloc,
        # RFC 6749, section 3.3 separates scopes by spaces; some vendors use commas.
        "scopes": client.scope.replace(",", " ").split(),
        "authorization_url": authorization_url(client, consent),
        "redirect_uri": redirect_uri(),
    }
    return render(request, "accounts/consent.html", context)


@require_safe
@signed_in
def callback(request: PortalRequest) -> HttpResponse:
    """Handle a vendor's answer: connect the account, or say what failed on the page where the user can start again."""
    consent = take(request.session, request.user, request.GET.get("state", ""))
    if consent is None:
        warn(request, UNKNOWN)
        return redirect("accounts")
    enter(request, consent.environment_id)
    environment = require(request, Role.ADMIN)
    integration = get_object_or_404(Integration, name=consent.integration)
    account = account_for(request, consent.account_id, Role.ADMIN) if consent.account_id else None
    try:
        connected = finish(
            consent,
            request.GET.dict(),
            environment=environment,
            integration=integration,
            account=account,
            actor=request.user,
        )
    except AccountError as problem:
        return _begin_again(request, consent, integration, _words(problem))
    if account is None:
        tell(request, f"{connected.name} is connected. Next, create an MCP server for it.")
    else:
        tell(request, f"{connected.name} is connected again. Its MCP servers and their URLs are as they were.")
    return redirect("account", connected.pk)


@require_POST
@signed_in
@recently_authenticated
def consent_again(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Begin a consent for an account with its stored connection fields."""
    account = account_for(request, account_id, Role.ADMIN)
    try:
        # Without fields, the consent takes over the stored ones.
        return send_to_consent(request, account.integration, fields={}, base_url=account.base_url, account=account)
    except (ConnectionIncomplete, CredentialsUnreadable, DefinitionInvalid):
        warn(request, "The stored connection fields cannot be used. Check them, and give the secret ones again.")
        return redirect("account-settings", account.pk)


def send_to_consent(
    request: PortalRequest,
    integration: Integration,
    *,
    fields: dict[str, str],
    base_url: str,
    name: str = "",
    account: IntegratedAccount | None = None,
) -> HttpResponse:
    """Begin a consent and redirect to its page; raise ConnectionIncomplete or CredentialsUnreadable."""
    environment = require(request, Role.ADMIN)
    consent = new_consent(environment.pk, integration, name=name, fields=fields, base_url=base_url, account=account)
    begin(request.session, request.user, consent)
    return redirect("oauth-consent", consent.key)


def consent_context(request: PortalRequest) -> dict[str, str]:
    """Return the context of a form that leads to a consent.

    `elsewhere` is this request's origin if it is not that of `PUBLIC_URL`, where the vendor sends the browser back to.
    """
    here = f"{request.scheme}://{request.get_host()}"
    return {
        "redirect_uri": redirect_uri(),
        "elsewhere": here if here != settings.PUBLIC_ORIGIN else "",
        "public_url": settings.PUBLIC_URL,
    }


def _page(consent: Consent) -> str:
    """Return the path of the page where the consent began."""
    if consent.account_id is not None:
        return reverse("account-settings", args=[consent.account_id])
    return reverse("connect", args=[consent.integration])


def _begin_again(request: PortalRequest, consent: Consent, integration: Integration, reason: str) -> HttpResponse:
    try:
        typed = typed_fields(integration.parsed(), consent)
    except DefinitionInvalid:
        typed = {}
    page = _page(consent)
    note_failure(request.session, page, FailedConsent(reason, consent.name, typed, consent.base_url))
    return redirect(page)


def _words(problem: AccountError) -> str:
    match problem:
        case ConnectionRefused():
            return f"{problem.reason} Check the connection fields, and that the redirect URI is registered there."
        case CredentialsUnreadable():
            return (
                "The stored credentials cannot be decrypted. Ask the operator of Patchbay to look at its keys; if one "
                "is lost for good, give every secret field again."
            )
        case _:
            return str(problem)
