"""Write the audit record."""

from typing import Any
from uuid import UUID

from accounts.models import ApiToken, AuditEntry, User

Actor = User | ApiToken | str


def name_of(actor: Actor) -> str:
    """Return how the audit record names who acted."""
    if isinstance(actor, ApiToken):
        return f"API token {actor.name} (…{actor.last_four})"
    return actor if isinstance(actor, str) else actor.get_username()


def record(
    actor: Actor,
    action: str,
    *,
    environment_id: UUID | None,
    target_id: object,
    target_name: str,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Note one change; call it in the transaction that makes the change."""
    return AuditEntry.objects.create(
        actor=name_of(actor)[:160],
        actor_id=actor.pk if isinstance(actor, User) else None,
        action=action,
        environment_id=environment_id,
        target_id=str(target_id),
        target_name=target_name[:160],
        details=details or {},
    )
