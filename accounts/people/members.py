"""Who belongs to an environment, as what, and so may see and do what; each change leaves a trace in the audit record.

People join by accepting an invitation (see invitations.py); here are the changes of those who belong already.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.api_tokens.owners import owner_changed
from accounts.errors import MemberRefused
from accounts.models import AuditEntry, Environment, IntegratedAccount, Membership, Role, User

UNDO_WITHIN = timedelta(minutes=10)


def accounts_of(user: User) -> QuerySet[IntegratedAccount]:
    """Return the accounts of every environment that a person belongs to."""
    return IntegratedAccount.objects.filter(environment__memberships__user=user)


def may(user: User, environment: Environment, role: Role) -> bool:
    """Tell whether a person may do in an environment what `role` may; False for outsiders."""
    membership = Membership.objects.filter(user=user, environment=environment).first()
    return membership is not None and membership.may(role)


def admitters(environment: Environment) -> QuerySet[User]:
    """Return who decides about the members of an environment and their roles: its admins, and superusers.

    The one rule of portal and admin alike. Permissions of staff have no part in it: whoever could give roles where they
    are no admin could give one to themselves. An invitation by somebody who is none of these is worth nothing.
    """
    admins = Membership.objects.filter(environment=environment, role=Role.ADMIN).values("user")
    return User.objects.filter(is_active=True).filter(Q(is_superuser=True) | Q(pk__in=admins))


def may_admit(user: User | None, environment: Environment) -> bool:
    """Tell whether a person decides about the members of an environment."""
    return user is not None and admitters(environment).filter(pk=user.pk).exists()


def join(environment: Environment, person: User, role: Role, actor: audit.Actor, details: dict[str, Any]) -> Membership:
    """Make somebody a member who has agreed to be one; raise MemberRefused for somebody who is.

    Call it in the transaction that proves the agreement.
    """
    membership, made = Membership.objects.get_or_create(environment=environment, user=person, defaults={"role": role})
    if not made:
        raise MemberRefused(f"{person} belongs to {environment} already, as {membership.role}.")
    audit.record(actor, "membership.added", membership.audit_subject, {"role": role.value, **details})
    return membership


@transaction.atomic
def found(environment: Environment, founder: User) -> Membership:
    """Make whoever created an environment its first admin; others are invited."""
    return join(environment, founder, Role.ADMIN, founder, {"founder": True})


@transaction.atomic
def change_role(membership: Membership, actor: audit.Actor, role: Role) -> None:
    """Give a member another role; raise MemberRefused where no admin would be left."""
    before = membership.role
    if role == before:
        return
    keep_an_admin(membership, role)
    membership.role = role
    membership.save(update_fields=["role"])
    audit.record(actor, "membership.changed", membership.audit_subject, {"role": {"from": before, "to": role.value}})
    owner_changed(membership.user, actor, membership.environment)


@transaction.atomic
def remove_member(membership: Membership, actor: audit.Actor) -> None:
    """Take a person out of an environment; raise MemberRefused where no admin would be left."""
    keep_an_admin(membership, None)
    audit.record(actor, "membership.removed", membership.audit_subject, {"role": membership.role})
    membership.delete()
    owner_changed(membership.user, actor, membership.environment)


@transaction.atomic
def put_back_member(environment: Environment, actor: User, user_id: int) -> Membership:
    """Undo a removal, with the role that the person had.

    Only whoever removed them may, for ten minutes, and nobody is put back who left by themselves: everything else would
    be adding people who were not asked. Raises MemberRefused.
    """
    of_members = AuditEntry.objects.filter(environment_id=environment.pk, action__startswith="membership.")
    last = of_members.filter(target_id=str(user_id)).order_by("-pk").first()
    if last is None or not _may_undo(last, actor, user_id):
        raise MemberRefused("There is no removal to undo. Invite the person again instead.")
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise MemberRefused("There is no such person any more.")
    return join(environment, user, Role(last.details["role"]), actor, {"undone": True})


def _may_undo(last: AuditEntry, actor: User, user_id: int) -> bool:
    return (
        last.action == "membership.removed"
        and last.actor_id == actor.pk != user_id
        and last.at > timezone.now() - UNDO_WITHIN
    )


def keep_admins_without(person: User) -> None:
    """Raise MemberRefused where an environment would be left without an active admin, were it not for this person."""
    for membership in person.memberships.filter(role=Role.ADMIN).select_related("environment").order_by("pk"):
        try:
            keep_an_admin(membership, None)
        except MemberRefused:
            raise MemberRefused(
                f"{person} is the only active admin of {membership.environment}, and an environment keeps at least "
                "one. Have somebody else made an admin there first, or ask a superuser."
            ) from None


def keep_an_admin(membership: Membership, role: Role | None) -> None:
    """Raise MemberRefused where giving a member this role, or none, would leave no active admin.

    Call it in the transaction that does so.
    """
    if role == Role.ADMIN:
        return
    # Locked, or two admins who remove each other at once would leave none; in one order, against deadlocks.
    admins = Membership.objects.select_for_update().filter(environment=membership.environment_id, role=Role.ADMIN)
    by_id = {row.pk: row.user_id for row in admins.order_by("pk")}
    if by_id.pop(membership.pk, None) is None:
        return
    if not User.objects.filter(is_active=True, pk__in=by_id.values()).exists():
        raise MemberRefused("An environment keeps at least one admin: make somebody else an admin first.")
