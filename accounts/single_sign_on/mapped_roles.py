"""Roles that groups at a provider give, beside those that people give.

A membership notes the provider that gave it. Only these are changed and taken away by a sign-in; a role that people
gave stays as it is, whatever the groups, and so nobody has two in an environment.
"""

import logging

from accounts import audit
from accounts.api_tokens.owners import owner_changed
from accounts.models import Environment, Membership, Role, User
from accounts.single_sign_on.providers import IdentityProvider

logger = logging.getLogger(__name__)


def apply_roles(provider: IdentityProvider, user: User, groups: frozenset[str]) -> None:
    """Give a person the roles of these groups, and take those away that the provider's groups gave before.

    Call it in the transaction of the sign-in. An environment may lose its last admin by it: the provider decides, and
    superusers can appoint another.
    """
    given = _roles_of(provider, groups)
    held = {row.environment_id: row for row in _memberships(user)}
    for environment, role in given.items():
        row = held.get(environment.pk)
        if row is None:
            _give(provider, user, environment, role)
        elif row.mapped_by == provider.name and row.role != role:
            _change(provider, row, role)
    kept = {environment.pk for environment in given}
    for row in held.values():
        if row.mapped_by == provider.name and row.environment_id not in kept:
            _take_away(provider, row)


def _memberships(user: User) -> list[Membership]:
    rows = Membership.objects.select_for_update(of=("self",)).filter(user=user).order_by("pk")
    return list(rows.select_related("environment", "user"))


def _roles_of(provider: IdentityProvider, groups: frozenset[str]) -> dict[Environment, Role]:
    """Return the highest role in each environment."""
    wanted: dict[str, Role] = {}
    for mapping in provider.roles:
        role = Role(mapping.role)
        if mapping.group in groups and role.includes(wanted.get(mapping.environment, Role.VIEWER)):
            wanted[mapping.environment] = role
    found = {row.name: row for row in Environment.objects.filter(name__in=wanted)}
    for name in wanted.keys() - found.keys():
        logger.warning(
            "OIDC_PROVIDERS maps a group of %s to %r, an environment that is not there.", provider.name, name
        )
    return {row: wanted[name] for name, row in found.items()}


def _give(provider: IdentityProvider, user: User, environment: Environment, role: Role) -> None:
    row = Membership.objects.create(environment=environment, user=user, role=role, mapped_by=provider.name)
    audit.record(provider.actor, "membership.added", row.audit_subject, {"role": role.value})


def _change(provider: IdentityProvider, row: Membership, role: Role) -> None:
    details = {"role": {"from": row.role, "to": role.value}}
    row.role = role
    row.save(update_fields=["role"])
    audit.record(provider.actor, "membership.changed", row.audit_subject, details)
    owner_changed(row.user, provider.actor, row.environment)


def _take_away(provider: IdentityProvider, row: Membership) -> None:
    audit.record(provider.actor, "membership.removed", row.audit_subject, {"role": row.role})
    row.delete()
    owner_changed(row.user, provider.actor, row.environment)
