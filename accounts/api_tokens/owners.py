"""Update personal API tokens when their owner's rights change.

A token's rights do not depend on this: recognition.py computes them from the membership at each look-up. This module
makes a change effective in every process immediately, ends tokens for good, and records who did it and why.
"""

from django.db import transaction

from accounts import audit
from accounts.api_tokens.issue import end_tokens
from accounts.models import ApiToken, Environment, Role, User


@transaction.atomic
def owner_changed(user: User, actor: audit.Actor, environment: Environment | None = None) -> None:
    """Adapt a person's tokens to a changed membership or person, in one environment or in all.

    Tokens of a removed member or a deactivated person end for good: a later return does not revive them.
    """
    rows = ApiToken.objects.lasting().filter(owner=user).with_owners()
    for row in rows if environment is None else rows.filter(environment=environment):
        present = row.present_role
        if present is None:
            end_tokens([row], actor, _why(row, user))
            continue
        if not present.includes(Role(row.role)):
            words = f"{user.get_username()} is {present.value} in {row.environment.name}"
            audit.record(
                actor,
                "api_token.limited",
                row.audit_subject,
                {"role": {"from": row.role, "to": present.value}, "why": words},
            )


def _why(row: ApiToken, user: User) -> str:
    if not user.is_active:
        return f"{user.get_username()}, whom it acts for, is deactivated"
    return f"{user.get_username()}, whom it acts for, does not belong to {row.environment.name} any more"


@transaction.atomic
def owner_gone(user: User, actor: audit.Actor) -> None:
    """End the tokens of a person who is about to be deleted."""
    rows = ApiToken.objects.filter(owner=user, revoked_at=None)
    end_tokens(rows, actor, f"{user.get_username()}, whom it acts for, is deleted")
