"""Test whether a connected account still works, and save the outcome."""

from django.db import transaction

from accounts import audit
from accounts.errors import ConnectionRefused, SecretsMoved
from accounts.integrated_accounts.lifecycle import CHECKED, keep_disabled, save_account, settle_now
from accounts.models import IntegratedAccount
from accounts.notices import Party, tell_refused
from accounts.vendors.connection_test import CREDENTIALS_REFUSED, verify_connection
from accounts.vendors.oauth import grants
from accounts.vendors.secret_routes import check_routes


def check_account(account: IntegratedAccount, actor: audit.Actor) -> None:
    """Test an account's connection and save the outcome.

    Raises ConnectionRefused, after marking an account with rejected credentials as needing reconnection; SecretsMoved
    if its secrets may not be sent to the vendor's address; and CredentialsUnreadable. Do not call it for a disabled
    account: a successful test makes an account active.
    """
    before = account.status
    try:
        check_routes(account, account.integration.parsed())
    except SecretsMoved:
        _save_outcome(account)
        raise
    # A person wants to know now, even if the vendor refused tokens before.
    grants.ask_again(account)
    try:
        verify_connection(account)
    except ConnectionRefused as refused:
        if refused.status in CREDENTIALS_REFUSED and not _was_marked_meanwhile(account, before):
            account.mark_refused(str(refused))
            _save_outcome(account)
            audit.record(actor, "integrated_account.refused", account.audit_subject, {"status": refused.status})
            if before == account.Status.ACTIVE:
                tell_refused(Party(account.pk, account.name, account.integration.label), account.refusal)
        raise
    _save_outcome(account)
    if account.status != before:
        audit.record(
            actor,
            "integrated_account.checked",
            account.audit_subject,
            {"status": {"from": before, "to": account.status}},
        )


@transaction.atomic
def _save_outcome(account: IntegratedAccount) -> None:
    """Save the outcome; an account that was disabled or stopped meanwhile stays so."""
    settle_now(account, stored=True)
    keep_disabled(account)
    save_account(account, CHECKED)


def _was_marked_meanwhile(account: IntegratedAccount, before: str) -> bool:
    """Return whether a refused refresh has already marked the account; if so, reload its status."""
    now = IntegratedAccount.objects.filter(pk=account.pk).values_list("status", flat=True).first()
    if before == account.Status.NEEDS_REAUTH or now != account.Status.NEEDS_REAUTH:
        return False
    account.refresh_from_db(fields=["status", "stopped", "revision"])
    return True
