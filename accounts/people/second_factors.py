"""Set up, ask for and take away a person's second factor, each with a trace in the audit record."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.models.second_factors import SecondFactor


def factor_of(user: User) -> SecondFactor | None:
    """Return the second factor that somebody is asked for; None for somebody who has none."""
    return SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).first()


@transaction.atomic
def begin_setup(user: User) -> SecondFactor:
    """Return a factor with a new secret, to be confirmed by a code; one that is in use is never replaced."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).first() or SecondFactor(user=user)
    if factor.confirmed_at is None:
        factor.begin()
        factor.save()
    return factor


@transaction.atomic
def confirm_setup(user: User, code: str) -> list[str] | None:
    """Take a factor into use once a code of it was given; return the recovery codes, or None for a wrong code."""
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
    """Tell whether a code of somebody's factor is right, and use it up. A wrong one is counted."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).exclude(confirmed_at=None).first()
    return factor is not None and _accepted(factor, code)


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes; return the new ones, known only here."""
    factor = SecondFactor.objects.select_for_update().get(user=user)
    codes = factor.new_recovery_codes()
    factor.save()
    audit.record(user, "second_factor.recovery_codes_renewed", user.audit_subject)
    return codes


@transaction.atomic
def remove_factor(user: User, actor: audit.Actor) -> None:
    """Ask for the password alone from now on."""
    if SecondFactor.objects.filter(user=user).delete()[0]:
        audit.record(actor, "second_factor.disabled", user.audit_subject)


def _accepted(factor: SecondFactor, code: str) -> bool:
    accepted = factor.accept(code)
    factor.save()
    return accepted
