"""Issue and revoke API tokens, each with a trace in the audit record."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.changes import Kind, announce
from accounts.models import ApiToken, Environment, Role, User


@transaction.atomic
def issue_token(
    environment: Environment, actor: audit.Actor, *, name: str, role: Role, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token; its value is the second item, and is known only here.

    A token that a program makes counts as made by the person who made the program's own.
    """
    created_by = actor if isinstance(actor, User) else actor.created_by if isinstance(actor, ApiToken) else None
    token, value = ApiToken.objects.issue(
        environment=environment, name=name, role=role, created_by=created_by, expires_at=expires_at
    )
    ends = expires_at.isoformat() if expires_at else None
    note(token, actor, "issued", {"role": role.value, "expires_at": ends})
    return token, value


@transaction.atomic
def revoke_token(token: ApiToken, actor: audit.Actor) -> None:
    """Refuse a token from now on; its row stays, so that the records that name it can be read."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    note(token, actor, "revoked", {})
    announce(Kind.TOKEN, token.pk)


def note(token: ApiToken, actor: audit.Actor, action: str, details: dict[str, Any]) -> None:
    """Write what was done to a token into the audit record."""
    audit.record(
        actor,
        f"api_token.{action}",
        environment_id=token.environment_id,
        target_id=token.pk,
        target_name=token.name,
        details=details,
    )
