"""Who belongs to an environment, as what; each change leaves a trace in the audit record."""

from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import audit
from accounts.errors import MemberRefused
from accounts.models import AuditEntry, Environment, Membership, Role, User
from accounts.token_owners import owner_changed


@transaction.atomic
def add_member(environment: Environment, actor: audit.Actor, *, username: str, role: Role) -> tuple[Membership, bool]:
    """Add a person to an environment; return the membership, and whether the person was made for it.

    Raises MemberRefused for somebody who belongs to it already, or a name that cannot be one.
    """
    user, made = User.objects.filter(username=username).first(), False
    if user is None:
        user, made = _new_person(username), True
    membership, added = Membership.objects.get_or_create(environment=environment, user=user, defaults={"role": role})
    if not added:
        raise MemberRefused(f"{username} belongs to {environment.name} already, as {membership.role}.")
    note(membership, actor, "added", {"role": role.value, "new_person": made})
    return membership, made


def _new_person(username: str) -> User:
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError:
        raise MemberRefused("A name takes letters, digits and @ . + - _ only.") from None
    user = User(username=username)
    user.set_unusable_password()
    user.save()
    return user


@transaction.atomic
def change_role(membership: Membership, actor: audit.Actor, role: Role) -> None:
    """Give a member another role; raise MemberRefused where no admin would be left."""
    before = membership.role
    if role == before:
        return
    _keep_an_admin(membership, role)
    membership.role = role
    membership.save(update_fields=["role"])
    note(membership, actor, "changed", {"role": {"from": before, "to": role.value}})
    owner_changed(membership.user, actor, membership.environment)


@transaction.atomic
def remove_member(membership: Membership, actor: audit.Actor) -> None:
    """Take a person out of an environment; raise MemberRefused where no admin would be left."""
    _keep_an_admin(membership, None)
    note(membership, actor, "removed", {"role": membership.role})
    membership.delete()
    owner_changed(membership.user, actor, membership.environment)


@transaction.atomic
def put_back_member(environment: Environment, actor: audit.Actor, user_id: int) -> Membership:
    """Undo the removal of a person, who gets the role of before.

    Raises MemberRefused for somebody who was not removed, belongs to the environment again, or is gone. Only what the
    audit record names can be put back, so that nobody learns who else there is by trying numbers.
    """
    of_members = AuditEntry.objects.filter(environment_id=environment.pk, action__startswith="membership.")
    last = of_members.filter(target_id=str(user_id)).order_by("-pk").first()
    user = User.objects.filter(pk=user_id).first() if last and last.action == "membership.removed" else None
    if last is None or user is None:
        raise MemberRefused("There is no removal to undo. Add the person by name instead.")
    membership, _ = add_member(environment, actor, username=user.get_username(), role=Role(last.details["role"]))
    return membership


def _keep_an_admin(membership: Membership, role: Role | None) -> None:
    if role == Role.ADMIN:
        return
    # Locked, or two admins who remove each other at once would leave none.
    admins = Membership.objects.select_for_update().filter(environment=membership.environment_id, role=Role.ADMIN)
    if not [each for each in admins if each.pk != membership.pk]:
        raise MemberRefused("An environment keeps at least one admin: make somebody else an admin first.")


def invitation_path(user: User) -> str | None:
    """Return where a person who never signed in sets a first password; None for anybody else.

    The link works once, and for the days that PASSWORD_RESET_TIMEOUT gives. Nobody else's password is ever set by it:
    an admin of one environment must not take over a person who belongs to others too.
    """
    if user.has_usable_password() or user.last_login is not None or user.is_staff:
        return None
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return f"/welcome/{key}/{default_token_generator.make_token(user)}"


def note(membership: Membership, actor: audit.Actor, action: str, details: dict[str, Any]) -> None:
    """Write what was done to a membership into the audit record."""
    audit.record(
        actor,
        f"membership.{action}",
        environment_id=membership.environment_id,
        target_id=membership.user_id,
        target_name=membership.user.get_username(),
        details=details,
    )
