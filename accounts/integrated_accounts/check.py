"""Ask a vendor whether an account that is connected still works, and keep the answer."""

from django.db import transaction

from accounts import audit
from accounts.errors import ConnectionRefused, SecretsMoved
from accounts.integrated_accounts.lifecycle import CHECKED, save_account, settle_now
from accounts.models import IntegratedAccount
from accounts.vendors.connection_test import verify_connection
from accounts.vendors.oauth import grants
from accounts.vendors.secret_routes import check_routes

# The vendor knows the address and does not accept the credentials; any other answer may pass by itself.
CREDENTIALS_REFUSED = {401, 403}


def check_account(account: IntegratedAccount, actor: audit.Actor) -> None:
    """Test an account's connection and save the outcome.

    Raises ConnectionRefused, after an account whose credentials were refused is marked to be connected again,
    SecretsMoved where the vendor may not be asked, and CredentialsUnreadable. A disabled account is not for this: a
    test that succeeds makes an account active.
    """
    before = account.status
    try:
        check_routes(account, account.integration.parsed())
    except SecretsMoved:
        _save_outcome(account)
        raise
    grants.ask_again(account.pk)
    try:
        verify_connection(account)
    except ConnectionRefused as refused:
        if refused.status in CREDENTIALS_REFUSED and not _was_marked_meanwhile(account, before):
            account.status = account.Status.NEEDS_REAUTH
            _save_outcome(account)
            audit.record(actor, "integrated_account.refused", account.audit_subject, {"status": refused.status})
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
    """Save what the test found; an account that somebody switched off or moved meanwhile stays off or stopped."""
    settle_now(account, stored=True)
    if IntegratedAccount.objects.filter(pk=account.pk, status=account.Status.DISABLED).exists():
        account.status, account.stopped = account.Status.DISABLED, ""
    save_account(account, CHECKED)


def _was_marked_meanwhile(account: IntegratedAccount, before: str) -> bool:
    """Tell whether a refused refresh has marked the account already; then it says so too."""
    now = IntegratedAccount.objects.filter(pk=account.pk).values_list("status", flat=True).first()
    if before == account.Status.NEEDS_REAUTH or now != account.Status.NEEDS_REAUTH:
        return False
    account.refresh_from_db(fields=["status", "stopped", "revision"])
    return True
