"""Issue and revoke API tokens, recorded in the audit record. Only this module decides who may issue which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.api_tokens.recognition import MOST_GENERATIONS
from accounts.errors import NetworkInvalid, TokenUnfit
from accounts.models import ApiToken, Environment, Membership, Role, TokenKind, User
from accounts.models.people import MOST_TOKEN_DAYS, TOKEN_DAYS
from accounts.texts.counting import counted
from accounts.web.networks import lies_within, parse_networks


@dataclass(frozen=True)
class _Maker:
    """What the actor may issue: the token's kind, its highest role, and its owner or parent."""

    kind: TokenKind
    most: Role
    owner: User | None = None
    parent: ApiToken | None = None


@transaction.atomic
def issue_token(
    environment: Environment,
    actor: audit.Actor,
    *,
    name: str,
    role: Role,
    kind: TokenKind | None = None,
    expires_at: datetime | None = None,
    endless: bool = False,
    networks: Sequence[str] = (),
) -> tuple[ApiToken, str]:
    """Issue a token and return it with its value, which is not stored. Raises TokenUnfit.

    People issue personal tokens, and admins may ask for a service token. A token issues tokens of its own kind, no
    wider than itself, which are revoked with it. A command issues service tokens. A token expires as
    `end_by_default` says unless `expires_at` or `endless` is given.
    """
    place = Environment.objects.get(pk=environment.pk)
    maker = _maker(place, actor, kind)
    if not maker.most.includes(role):
        raise TokenUnfit("role", f"Must not be above your own role here, which is {maker.most.value}.")
    token, value = ApiToken.objects.issue(
        environment=place,
        name=name,
        role=role,
        owner=maker.owner,
        created_by=audit.name_of(actor)[:160],
        expires_at=_end(place, maker.parent, expires_at, endless=endless),
        networks=_networks(maker.parent, networks),
        parent=maker.parent,
    )
    audit.record(actor, "api_token.issued", token.audit_subject, _details(token))
    return token, value


def _details(token: ApiToken) -> dict[str, Any]:
    ends = token.expires_at.isoformat() if token.expires_at else None
    return {"kind": token.kind, "role": token.role, "expires_at": ends, "networks": token.networks}


def _maker(place: Environment, actor: audit.Actor, kind: TokenKind | None) -> _Maker:
    if isinstance(actor, ApiToken):
        return _parent(place, actor, kind)
    # A command, which acts for no person.
    if isinstance(actor, str):
        return _Maker(TokenKind.SERVICE, Role.ADMIN)
    membership = _held_membership(place, actor.pk)
    if membership is None:
        raise TokenUnfit("", f"Only members of {place.name} make API tokens there.")
    if kind == TokenKind.SERVICE:
        if not membership.may(Role.ADMIN):
            raise TokenUnfit("kind", f"Only an admin of {place.name} makes service tokens. Make a personal one.")
        return _Maker(TokenKind.SERVICE, Role.ADMIN)
    return _Maker(TokenKind.PERSONAL, Role(membership.role), owner=actor)


def _held_membership(place: Environment, user_id: int) -> Membership | None:
    """Return an active person's membership, locked together with the person until the transaction ends.

    A concurrent removal or deactivation either sees the new token and ends it, or comes first and prevents it.
    """
    rows = place.memberships.select_for_update(no_key=True)
    return rows.filter(user=user_id, user__is_active=True).first()


def _parent(place: Environment, token: ApiToken, kind: TokenKind | None) -> _Maker:
    """Return what a token may issue, and lock it, so that revoking it cannot miss the new token."""
    if token.owner_id is not None:
        _held_membership(place, token.owner_id)
    parent = ApiToken.objects.select_for_update().filter(pk=token.pk).first()
    present = parent.present_role if parent is not None and parent.lasts() else None
    if parent is None or present is None:
        raise TokenUnfit("", "This API token opens nothing any more, so it makes no other.")
    if parent.depth + 1 >= MOST_GENERATIONS:
        raise TokenUnfit(
            "", f"This API token is the last of {MOST_GENERATIONS} that were made by one another; use an earlier one."
        )
    if kind is not None and kind != parent.kind:
        raise TokenUnfit("kind", f"A {parent.kind} token makes {parent.kind} tokens only.")
    return _Maker(TokenKind(parent.kind), present, parent.owner, parent)


def end_by_default(place: Environment, parent: ApiToken | None = None) -> datetime:
    """Return when a token expires by default: after TOKEN_DAYS, or earlier if `latest_end` demands it."""
    latest = latest_end(place, parent)
    usual = timezone.now() + timedelta(days=TOKEN_DAYS)
    return min(usual, latest) if latest else usual


def latest_end(place: Environment, parent: ApiToken | None = None) -> datetime | None:
    """Return the latest permitted expiry of a new token, by its environment and its parent; None for no limit."""
    ends = [parent.expires_at] if parent is not None and parent.expires_at else []
    if place.token_days_max is not None:
        ends.append(timezone.now() + timedelta(days=place.token_days_max))
    return min(ends, default=None)


def _end(place: Environment, parent: ApiToken | None, requested: datetime | None, *, endless: bool) -> datetime | None:
    if requested is None and not endless:
        return end_by_default(place, parent)
    if requested is not None and requested <= timezone.now():
        raise TokenUnfit("expires_at", "Must lie ahead. Give a later time, or leave it out.")
    latest = latest_end(place, parent)
    if latest is not None and (requested is None or requested > latest):
        raise TokenUnfit("expires_at", _too_late(place, parent, latest))
    return requested


def _too_late(place: Environment, parent: ApiToken | None, latest: datetime) -> str:
    if parent is not None and parent.expires_at == latest:
        return f"Must not be later than the end of this token itself, {latest:%Y-%m-%dT%H:%M:%SZ}."
    days = counted(place.token_days_max or 0, "day")
    return (
        f"API tokens of {place.name} live at most {days}: must not be later than "
        f"{latest:%Y-%m-%dT%H:%M:%SZ}. An admin changes that on the page of API tokens."
    )


def _networks(parent: ApiToken | None, requested: Sequence[str]) -> list[str]:
    try:
        networks = parse_networks(requested)
    except NetworkInvalid as invalid:
        raise TokenUnfit("networks", str(invalid)) from None
    if parent is None or not parent.networks:
        return networks
    outside = [each for each in networks if not lies_within(each, parent.networks)]
    if outside:
        raise TokenUnfit("networks", f"{', '.join(outside)}: not within this token's own networks.")
    return networks or parent.networks  # an unrestricted child would be wider than its parent


@transaction.atomic
def revoke_token(token: ApiToken, actor: audit.Actor) -> None:
    """Revoke a token and its descendants; the rows stay, because call and audit records refer to them."""
    # Locked, so that no token can be issued from it meanwhile (see `_parent`).
    ApiToken.objects.select_for_update().get(pk=token.pk)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(actor, "api_token.revoked", token.audit_subject)
    end_tokens(_descendants(token), actor, f"{token} is revoked, which it comes from")


@transaction.atomic
def delete_token(token: ApiToken, actor: audit.Actor) -> None:
    """Delete a token and its descendants; all are refused immediately."""
    # Read first: the deletion cascades.
    made = list(_descendants(token))
    audit.record(actor, "api_token.deleted", token.audit_subject, {"role": token.role, "kind": token.kind})
    end_tokens(made, actor, f"{token} is deleted, which it comes from")
    token.delete()


def _descendants(token: ApiToken) -> Iterable[ApiToken]:
    """Yield the unrevoked tokens issued by a token, directly or through others."""
    generation = [token.pk]
    for _ in range(MOST_GENERATIONS):
        made = list(ApiToken.objects.filter(parent__in=generation))
        yield from (each for each in made if each.revoked_at is None)
        generation = [each.pk for each in made]


def end_tokens(rows: Iterable[ApiToken], actor: audit.Actor, why: str) -> None:
    """Revoke tokens because something they depend on ended; `why` goes into the audit record."""
    for row in rows:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        audit.record(actor, "api_token.ended", row.audit_subject, {"why": why})


@transaction.atomic
def set_longest_life(environment: Environment, actor: audit.Actor, days: int | None) -> None:
    """Set the longest lifetime of an environment's new tokens in days; None permits tokens without expiry."""
    if days is not None and not 1 <= days <= MOST_TOKEN_DAYS:
        raise TokenUnfit("days", f"Takes a whole number from 1 to {MOST_TOKEN_DAYS}, or nothing.")
    before = environment.token_days_max
    if days == before:
        return
    environment.token_days_max = days
    environment.save(update_fields=["token_days_max"])
    audit.record(
        actor,
        "environment.changed",
        environment.audit_subject,
        {"API tokens live at most (days)": {"from": before, "to": days}},
    )
