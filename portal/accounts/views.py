"""Choosing an environment, connecting an account, and its settings."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.definition import Definition
from accounts.errors import (
    AccountChanged,
    ConnectionIncomplete,
    ConnectionRefused,
    CredentialsUnreadable,
    DefinitionInvalid,
    SecretsMoved,
)
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import (
    connect_account,
    needs_consent,
    reconnect_account,
    set_enabled,
    set_time_zone,
)
from accounts.models import IntegratedAccount, Integration, Role
from accounts.signing_in.reauthentication import recently_authenticated
from accounts.time_zones import zone_names
from accounts.web.refusals import REFUSED
from portal.accounts.consent import FailedConsent, take_failure
from portal.accounts.consent_views import consent_context, send_to_consent
from portal.accounts.forms import PREFIX, ConnectForm, NameForm, ReplaceConnectionForm, ZoneForm
from portal.requests import PortalRequest, account_for, enter, require, signed_in, tell, warn

UNREADABLE = (
    "The stored credentials cannot be decrypted. The operator of Patchbay can see why with `manage.py check_keys`, and "
    "may have to put a key back; if it is lost for good, give every secret field again under Settings."
)


@require_POST
@signed_in
def choose_environment(request: PortalRequest) -> HttpResponse:
    """Switch the session to another environment."""
    belonging = [each.environment_id for each in request.visit.memberships]
    for environment_id in [*belonging, *(each.pk for each in request.visit.locked)]:
        if str(environment_id) == request.POST.get("environment"):
            enter(request, environment_id)
    return redirect("accounts")


@require_safe
@signed_in
def choose_integration(request: PortalRequest) -> HttpResponse:
    """Show the integrations that an account can be connected through."""
    require(request, Role.ADMIN)
    return render(request, "accounts/choose_integration.html", {"integrations": Integration.objects.all()})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connect(request: PortalRequest, integration_name: str) -> HttpResponse:
    """Ask for the connection fields, then test and save them, or send the user to the vendor's consent page first."""
    environment = require(request, Role.ADMIN)
    integration = get_object_or_404(Integration, name=integration_name)
    definition = definition_of(integration)
    failed = take_failure(request.session, reverse("connect", args=[integration.name]))
    form = ConnectForm(
        definition, request.POST if request.method == "POST" else None, initial=_typed(failed) if failed else {}
    )
    if form.is_valid():
        data = form.cleaned_data
        try:
            if needs_consent(definition):
                return send_to_consent(
                    request, integration, name=data["name"], fields=form.given, base_url=data["base_url"]
                )
            account = connect_account(
                environment, integration, request.user, name=data["name"], fields=form.given, base_url=data["base_url"]
            )
        except (ConnectionIncomplete, ConnectionRefused) as refusal:
            form.refuse(refusal)
        else:
            tell(request, f"{account.name} is connected. Next, create an MCP server for it.")
            return redirect("account", account.pk)
    context = {"form": form, "integration": integration, "failed": failed, "consent": _consent(request, definition)}
    return render(request, "accounts/connect.html", context, status=REFUSED if form.is_bound else None)


@require_safe
@signed_in
def settings(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Show an account's settings."""
    return _settings(request, account_for(request, account_id, Role.ADMIN))


@require_POST
@signed_in
def rename(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Rename an account."""
    account = account_for(request, account_id, Role.ADMIN)
    form = NameForm(request.POST)
    if not form.is_valid():
        return _settings(request, account, name_form=form)
    reconnect_account(account, request.user, name=form.cleaned_data["name"])
    tell(request, f"The account is called {account.name} now.")
    return redirect("account-settings", account.pk)


@require_POST
@signed_in
def change_time_zone(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Say where an account's team works."""
    account = account_for(request, account_id, Role.ADMIN)
    form = ZoneForm(request.POST)
    if not form.is_valid():
        return _settings(request, account, zone_form=form)
    set_time_zone(account, request.user, form.cleaned_data["time_zone"])
    tell(request, f"The time zone of {account.name} is {account.time_zone or 'UTC'} now.")
    return redirect("account-settings", account.pk)


@require_POST
@signed_in
@recently_authenticated
def reconnect(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Replace the connection fields once the vendor accepts them."""
    account = account_for(request, account_id, Role.ADMIN)
    definition = definition_of(account.integration)
    form = ReplaceConnectionForm(definition, request.POST, account=account)
    if form.is_valid():
        base_url = form.cleaned_data["base_url"]
        try:
            if needs_consent(definition):
                return send_to_consent(
                    request, account.integration, fields=form.given, base_url=base_url, account=account
                )
            reconnect_account(account, request.user, fields=form.given, base_url=base_url)
        except (ConnectionIncomplete, ConnectionRefused) as refusal:
            form.refuse(refusal)
        except CredentialsUnreadable:
            form.add_error(None, UNREADABLE)
        except AccountChanged as changed:
            form.add_error(None, str(changed))
        else:
            tell(request, f"{account.integration.label} accepted the connection.")
            return redirect("account-settings", account.pk)
    return _settings(request, account, connection_form=form)


@require_POST
@signed_in
def check(request: PortalRequest, account_id: UUID) -> HttpResponse:
    """Test the connection at the vendor now."""
    account = account_for(request, account_id, Role.OPERATOR)
    if account.status == account.Status.DISABLED:
        warn(request, f"{account.name} is disabled. Enable it to test its connection.")
        return redirect("account", account.pk)
    try:
        check_account(account, request.user)
    except ConnectionRefused as refused:
        warn(request, refused.reason)
    except SecretsMoved as moved:
        warn(request, f"{account.integration.label} was not asked: {moved}.")
    except CredentialsUnreadable:
        warn(request, UNREADABLE)
    else:
        tell(request, f"{account.integration.label} answered: the connection works.")
    return redirect("account", account.pk)


@require_POST
@signed_in
def enable(request: PortalRequest, account_id: UUID, *, enabled: bool) -> HttpResponse:
    """Enable an account, or disable it at once for every client."""
    account = account_for(request, account_id, Role.ADMIN)
    set_enabled(account, request.user, enabled=enabled)
    if account.stopped:
        warn(request, f"{account.name} is not enabled yet: {account.stopped}.")
    elif enabled:
        tell(request, f"{account.name} is enabled: its MCP servers call {account.integration.label} again.")
    else:
        undo = reverse("account-enable", args=[account.pk])
        tell(
            request,
            f"{account.name} is disabled: none of its tools calls {account.integration.label} any more.",
            undo=undo,
        )
    return redirect("account", account.pk)


def definition_of(integration: Integration) -> Definition:
    """Return an integration's definition; raise Http404 if it is not valid."""
    try:
        return integration.parsed()
    except DefinitionInvalid:
        raise Http404(
            f"The definition of {integration.label} is not valid at present. Ask somebody who edits definitions in the "
            "admin to fix it."
        ) from None


def _settings(
    request: PortalRequest,
    account: IntegratedAccount,
    *,
    name_form: NameForm | None = None,
    zone_form: ZoneForm | None = None,
    connection_form: ReplaceConnectionForm | None = None,
) -> HttpResponse:
    """Show the settings, with the form that was refused, if any."""
    refused = any(form is not None for form in (name_form, zone_form, connection_form))
    definition = definition_of(account.integration)
    failed = take_failure(request.session, reverse("account-settings", args=[account.pk]))
    present = {f"{PREFIX}{key}": value for key, value in account.connection.items()} | {"base_url": account.base_url}
    context = {
        "failed": failed,
        "consent": _consent(request, definition),
        "account": account,
        "tab": "settings",
        "name_form": name_form or NameForm(initial={"name": account.name}),
        "zone_form": zone_form or ZoneForm(initial={"time_zone": account.time_zone}),
        "zones": zone_names(),
        "connection_form": connection_form
        or ReplaceConnectionForm(definition, initial=_typed(failed) if failed else present, account=account),
    }
    return render(request, "accounts/settings.html", context, status=REFUSED if refused else None)


def _typed(failed: FailedConsent) -> dict[str, str]:
    """Return the typed values of a failed consent as the form's initial values."""
    fields = {f"{PREFIX}{name}": value for name, value in failed.fields.items()}
    return {**fields, "name": failed.name, "base_url": failed.base_url}


def _consent(request: PortalRequest, definition: Definition) -> dict[str, str]:
    """Return the consent's context, or nothing if the definition needs no consent."""
    return consent_context(request) if needs_consent(definition) else {}
