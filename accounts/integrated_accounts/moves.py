"""Stop accounts whose secrets a changed definition would send elsewhere; resume them when it is changed back."""

from accounts import audit
from accounts.definition import Definition
from accounts.errors import DefinitionInvalid
from accounts.models import IntegratedAccount, Integration
from accounts.vendors.secret_routes import move_of, stopped_words


def settle(account: IntegratedAccount, definition: Definition) -> None:
    """Set an account's status by whether its secrets still go where they were given for (not saved).

    A disabled account stays disabled, and one that its vendor refuses stays refused.
    """
    move = move_of(account, definition)
    if move is not None and (account.stopped or account.status == account.Status.ACTIVE):
        account.status, account.stopped = account.Status.NEEDS_REAUTH, stopped_words(move)[:500]
    elif account.stopped:
        account.stopped = ""
        account.status = account.Status.NEEDS_REAUTH if account.is_refused else account.Status.ACTIVE


def current_definition(account: IntegratedAccount) -> Definition | None:
    """Return the current definition, locked until the transaction ends; None if it is invalid.

    Lock order: the integration before its accounts, here as in changes of a definition.
    """
    integration = Integration.objects.select_for_update(no_key=True).get(pk=account.integration_id)
    try:
        return integration.parsed()
    except DefinitionInvalid:
        return None


def settle_accounts(integration: Integration, actor: audit.Actor) -> None:
    """Stop the accounts whose secrets a changed definition would send elsewhere, and resume those it restores.

    Call it in the transaction that saves the definition.
    """
    definition = integration.parsed()
    for account in IntegratedAccount.objects.select_for_update().filter(integration=integration).order_by("pk"):
        before, was_stopped = (account.status, account.stopped), bool(account.stopped)
        settle(account, definition)
        if (account.status, account.stopped) == before:
            continue
        account.save(update_fields={"status", "stopped"})
        if bool(account.stopped) != was_stopped:
            _note(account, definition, actor)


def stopped_by(integration: Integration, definition: Definition) -> list[IntegratedAccount]:
    """Return the active accounts that this definition would stop."""
    active = IntegratedAccount.objects.filter(integration=integration, status=IntegratedAccount.Status.ACTIVE)
    return [account for account in active.defer("credentials") if move_of(account, definition) is not None]


def stopping_words(count: int) -> str:
    """Return a warning that a changed definition stops accounts; an empty string for none."""
    if not count:
        return ""
    stop = "1 account stops" if count == 1 else f"{count} accounts stop"
    return (
        f"{stop}, because stored secrets would go to another address than they were given for. An admin of each "
        "account's environment then has to give them again."
    )


def _note(account: IntegratedAccount, definition: Definition, actor: audit.Actor) -> None:
    move = move_of(account, definition)
    audit.record(
        actor,
        "integrated_account.stopped" if account.stopped else "integrated_account.resumed",
        account.audit_subject,
        {"address": move.details} if move is not None else {},
    )
