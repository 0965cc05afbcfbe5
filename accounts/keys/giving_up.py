"""Give up a key that is lost for good, so that Patchbay starts without it."""

from django.db import transaction

from accounts import audit
from accounts.keys.findings import REFUSED, KeyFinding, findings
from accounts.keys.given import CREDENTIAL_KEYS
from accounts.keys.register import register, retire
from accounts.keys.sealed import Sealed, is_readable, rows_under
from accounts.models import IntegratedAccount, KeyCheck, OAuthGrant

ACTOR = "the command check_keys"


def refused_findings() -> dict[str, KeyFinding]:
    """Return the keys that keep Patchbay from starting, by name."""
    return {finding.name: finding for finding in findings() if finding.state in REFUSED}


@transaction.atomic
def give_up(finding: KeyFinding) -> int:
    """Take the given key for the database's, or do without; return how many accounts must be connected again.

    Nothing is deleted: if the key is found after all, its texts can be read again.
    """
    retire(finding.current, given_up=True)
    if finding.given is not None:
        register(finding.given)
    elif finding.current is None:  # an earlier release encrypted under it, without registering it
        KeyCheck.objects.create(name=finding.name, salt=b"", value=b"")
        retire(KeyCheck.objects.get(name=finding.name, retired_at=None), given_up=True)
    if not finding.name.startswith(CREDENTIAL_KEYS):
        return 0
    accounts = {
        _account_of(row) for row in rows_under(finding.name.removeprefix(CREDENTIAL_KEYS)) if not is_readable(row)
    }
    return sum(_stop(account) for account in accounts if account is not None)


def _account_of(row: Sealed) -> IntegratedAccount | None:
    match row:
        case IntegratedAccount():
            return row
        case OAuthGrant():
            return row.account
        case _:
            return None


def _stop(account: IntegratedAccount) -> bool:
    """Ask for an account to be connected again; one that is disabled stays so."""
    if account.status != account.Status.ACTIVE:
        return False
    account.status = account.Status.NEEDS_REAUTH
    account.save(update_fields={"status"})
    audit.record(ACTOR, "integrated_account.key_lost", account.audit_subject)
    return True
