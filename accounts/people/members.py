"""Members of an environment and their rights; each change is recorded in the audit record.

People join by accepting an invitation (see invitations.py); this module changes existing memberships.
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
    """Return the accounts of every environment that a person may enter."""
    entered = Membership.objects.filter(user=user).enterable().values("environment")
    return IntegratedAccount.objects.filter(environment__in=entered)


def may(user: User, environment: Environment, role: Role) -> bool:
    """Return whether a person has at least this role in an environment; False for those who may not enter it."""
    membership = Membership.objects.filter(user=user, environment=environment).enterable().first()
    return membership is not None and membership.may(role)


def admitters(environment: Environment) -> QuerySet[User]:
    """Return the people who may invite to an environment and change roles: its active admins, and superusers.

    Portal and admin both use this rule. Staff permissions do not count: with them, people could give themselves a role
    in any environment. Invitations by anybody else cannot be accepted.
    """
    admins = Membership.objects.filter(environment=environment, role=Role.ADMIN).values("user")
    return User.objects.filter(is_active=True).filter(Q(is_superuser=True) | Q(pk__in=admins))


def may_admit(user: User | None, environment: Environment) -> bool:
    """Return whether a person may invite to an environment and change roles there."""
    return user is not None and admitters(environment).filter(pk=user.pk).exists()


def join(environment: Environment, person: User, role: Role, actor: audit.Actor, details: dict[str, Any]) -> Membership:
    """Make a person a member who has agreed to it; raise MemberRefused if they already are.

    Call it in the transaction that proves the agreement.
    """
    membership, made = Membership.objects.get_or_create(environment=environment, user=person, defaults={"role": role})
    if not made:
        raise MemberRefused(f"{person} already belongs to {environment}, as {membership.role}.")
    audit.record(actor, "membership.added", membership.audit_subject, {"role": role.value, **details})
    return membership


@transaction.atomic
def found(environment: Environment, founder: User) -> Membership:
    """Make the creator of an environment its first admin; everybody else is invited."""
    return join(environment, founder, Role.ADMIN, founder, {"founder": True})


@transaction.atomic
def require_second_factor(environment: Environment, actor: audit.Actor, required: bool) -> None:
    """Let only members with a second factor enter an environment, or all of them."""
    before = environment.second_factor_required
    if required == before:
        return
    environment.second_factor_required = required
    environment.save(update_fields=["second_factor_required"])
    audit.record(
        actor,
        "environment.changed",
        environment.audit_subject,
        {"members need two-factor sign-in": {"from": before, "to": required}},
    )


@transaction.atomic
def change_role(membership: Membership, actor: audit.Actor, role: Role) -> None:
    """Change a member's role; raise MemberRefused if no admin would be left, or groups of a provider give the role."""
    before = membership.role
    if role == before:
        return
    if membership.mapped_by:
        raise MemberRefused(
            f"{membership.user} has this role by a group at {membership.mapped_by}, which gives it again at the next "
            "sign-in. Have the person put into another group there, or remove and invite them."
        )
    keep_an_admin(membership, role)
    membership.role = role
    membership.save(update_fields=["role"])
    audit.record(actor, "membership.changed", membership.audit_subject, {"role": {"from": before, "to": role.value}})
    owner_changed(membership.user, actor, membership.environment)


@transaction.atomic
def remove_member(membership: Membership, actor: audit.Actor) -> None:
    """Remove a person from an environment; raise MemberRefused if no admin would be left."""
    keep_an_admin(membership, None)
    details = {"role": membership.role, **({"mapped_by": membership.mapped_by} if membership.mapped_by else {})}
    audit.record(actor, "membership.removed", membership.audit_subject, details)
    membership.delete()
    owner_changed(membership.user, actor, membership.environment)


@transaction.atomic
def put_back_member(environment: Environment, actor: User, user_id: int) -> Membership:
    """Undo a removal, with the role that the person had.

    Only the person who removed them may, within UNDO_WITHIN, and not for people who left by themselves: anything else
    would add people without their consent. Raises MemberRefused.
    """
    of_members = AuditEntry.objects.filter(environment_id=environment.pk, action__startswith="membership.")
    last = of_members.filter(target_id=str(user_id)).order_by("-pk").first()
    if last is None or not _may_undo(last, actor, user_id):
        raise MemberRefused("There is no removal to undo. Invite the person again instead.")
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise MemberRefused("This person no longer exists.")
    membership = join(environment, user, Role(last.details["role"]), actor, {"undone": True})
    if mapped_by := last.details.get("mapped_by"):
        membership.mapped_by = mapped_by
        membership.save(update_fields=["mapped_by"])
    return membership


def _may_undo(last: AuditEntry, actor: User, user_id: int) -> bool:
    return (
        last.action == "membership.removed"
        and last.actor_id == actor.pk != user_id
        and last.at > timezone.now() - UNDO_WITHIN
    )


def keep_admins_without(person: User) -> None:
    """Raise MemberRefused if this person is the only active admin of an environment."""
    for membership in person.memberships.filter(role=Role.ADMIN).select_related("environment").order_by("pk"):
        try:
            keep_an_admin(membership, None)
        except MemberRefused:
            raise MemberRefused(
                f"{person} is the only active admin of {membership.environment}, and an environment keeps at least "
                "one. Have somebody else made an admin there first, or ask a superuser."
            ) from None


def keep_an_admin(membership: Membership, role: Role | None) -> None:
    """Raise MemberRefused if giving a member this role, or none, would leave no active admin.

    Call it in the transaction that makes the change.
    """
    if role == Role.ADMIN:
        return
    # Locked, or two admins who remove each other concurrently would leave none; ordered, to avoid deadlocks.
    admins = Membership.objects.select_for_update().filter(environment=membership.environment_id, role=Role.ADMIN)
    by_id = {row.pk: row.user_id for row in admins.order_by("pk")}
    if by_id.pop(membership.pk, None) is None:
        return
    if not User.objects.filter(is_active=True, pk__in=by_id.values()).exists():
        raise MemberRefused("An environment keeps at least one admin: make somebody else an admin first.")
