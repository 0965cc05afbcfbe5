"""`manage.py rotate_credentials`: re-encrypt everything that is encrypted at rest under the primary key."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.db.models import Q

from accounts.errors import CredentialsUnreadable
from accounts.keyring import key_ring
from accounts.management.keyed import KeyedCommand
from accounts.models import IntegratedAccount, LanguageModel, OAuthGrant, SecondFactor
from accounts.texts.counting import counted

# What is encrypted beside accounts, with its column.
OTHERS: tuple[tuple[type[SecondFactor | LanguageModel], str], ...] = ((SecondFactor, "secret"), (LanguageModel, "key"))


class Command(KeyedCommand):
    """Re-encrypt what is not under the first key of CREDENTIAL_KEYS; old keys can be removed afterwards."""

    help = "Encrypt the credentials and tokens of every integrated account under the first key of CREDENTIAL_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare --dry-run."""
        parser.add_argument("--dry-run", action="store_true", help="Say how many there are, and change nothing.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Rotate row by row; list unreadable ones, and fail at the end."""
        changed, unreadable = 0, []
        sealed = ~Q(credentials="") | Q(grant__isnull=False)
        ids = list(IntegratedAccount.objects.filter(sealed).order_by("pk").values_list("pk", flat=True))
        for account_id in ids:
            try:
                changed += _rotate(account_id, dry_run=dry_run)
            except CredentialsUnreadable as problem:
                unreadable.append(f"  {account_id}: {problem}")
        for model, column in OTHERS:
            for row_id in model._default_manager.order_by("pk").values_list("pk", flat=True):
                try:
                    _rotate_text(model, column, row_id, dry_run=dry_run)
                except CredentialsUnreadable as problem:
                    unreadable.append(f"  {model._meta.verbose_name} {row_id}: {problem}")
        what = "would be encrypted again" if dry_run else "encrypted again"
        self.stdout.write(f"{changed} of {counted(len(ids), 'account')} {what} under key {key_ring().primary}.")
        if unreadable:
            raise CommandError(
                f"{counted(len(unreadable), 'row')} could not be read. Put the missing key back into "
                "CREDENTIAL_KEYS, or connect the account again:\n" + "\n".join(unreadable)
            )


@transaction.atomic
def _rotate(account_id: UUID, *, dry_run: bool) -> bool:
    """Rotate one account; return whether there was anything to do."""
    # Locked, so that old credentials do not overwrite those of a concurrent reconnection.
    account = IntegratedAccount.objects.select_for_update().filter(pk=account_id).first()
    grant = OAuthGrant.objects.select_for_update().filter(pk=account_id).first()
    old_account = account is not None and account.encrypt_again()
    old_grant = grant is not None and grant.encrypt_again()
    if account is not None and old_account and not dry_run:
        account.save(update_fields=["credentials"])
    if grant is not None and old_grant and not dry_run:
        grant.save(update_fields=["tokens"])
    return old_account or old_grant


@transaction.atomic
def _rotate_text(model: type[SecondFactor | LanguageModel], column: str, row_id: Any, *, dry_run: bool) -> None:
    row = model._default_manager.select_for_update().filter(pk=row_id).first()
    if row is not None and row.encrypt_again() and not dry_run:
        row.save(update_fields=[column])
