"""Set up, check and remove a person's second factor; changes are recorded in the audit record."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.models.second_factors import SecondFactor


def factor_of(user: User) -> SecondFactor | None:
    """Return a person's confirmed second factor, which sign-in asks for; None if there is none."""
    return SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).first()


@transaction.atomic
def begin_setup(user: User) -> SecondFactor:
    """Return a factor with a new secret, to be confirmed by a code; a confirmed factor is returned unchanged."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).first() or SecondFactor(user=user)
    if factor.confirmed_at is None:
        factor.begin()
        factor.save()
    return factor


@transaction.atomic
def confirm_setup(user: User, code: str) -> list[str] | None:
    """Confirm a factor with its first code; return the recovery codes, or None for a wrong code."""
    factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if factor is None or not _accepted(factor, code):
        return None
    factor.confirmed_at = timezone.now()
    codes = factor.new_recovery_codes()
    factor.save()
    audit.record(user, "second_factor.enabled", user.audit_subject)
    return codes


@transaction.atomic
def check_code(user: User, code: str) -> bool:
    """Return whether a code is right, and use it up; a wrong one is counted."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).exclude(confirmed_at=None).first()
    return factor is not None and _accepted(factor, code)


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes; return the new ones, of which only digests are stored."""
    factor = SecondFactor.objects.select_for_update().get(user=user)
    codes = factor.new_recovery_codes()
    factor.save()
    audit.record(user, "second_factor.recovery_codes_renewed", user.audit_subject)
    return codes


@transaction.atomic
def remove_factor(user: User, actor: audit.Actor) -> None:
    """Delete a person's second factor; sign-in then asks for the password alone."""
    if SecondFactor.objects.filter(user=user).delete()[0]:
        audit.record(actor, "second_factor.disabled", user.audit_subject)


def _accepted(factor: SecondFactor, code: str) -> bool:
    accepted = factor.accept(code)
    factor.save()  # in either case: a wrong code is counted, a right one used up
    return accepted
