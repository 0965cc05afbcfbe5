"""Write and read the audit record."""

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import ApiToken, AuditEntry, Membership, Role, User
from accounts.models.audit import AuditSubject

Actor = User | ApiToken | str


def name_of(actor: Actor) -> str:
    """Return the actor's name for the audit record; a token's includes its last four characters."""
    if isinstance(actor, ApiToken):
        return f"API token {actor.name} (…{actor.last_four})"
    return actor if isinstance(actor, str) else actor.get_username()


def entries_for(membership: Membership) -> QuerySet[AuditEntry]:
    """Return the audit entries of an environment that a member may read.

    Admins read all. Others do not see invitations, nor API tokens that are hidden from them elsewhere.
    """
    entries = AuditEntry.objects.filter(environment_id=membership.environment_id)
    if membership.may(Role.ADMIN):
        return entries
    own = [str(pk) for pk in ApiToken.objects.seen_by(membership).values_list("pk", flat=True)]
    of_others = Q(action__startswith="api_token.") & ~Q(target_id__in=own)
    return entries.exclude(Q(action__startswith="invitation.") | of_others)


def record(
    actor: Actor,
    action: str,
    subject: AuditSubject,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry to the audit record; call it in the transaction that makes the change.

    `action` names the kind of subject and the change, such as `api_token.revoked`.
    """
    # Cut to the length of the columns.
    return AuditEntry.objects.create(
        actor=name_of(actor)[:160],
        actor_id=actor.pk if isinstance(actor, User) else None,
        action=action,
        environment_id=subject.environment_id,
        target_id=str(subject.id),
        target_name=subject.name[:160],
        details=details or {},
    )
