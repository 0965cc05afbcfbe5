"""Issue and revoke API tokens, each with a trace in the audit record. Who may make which is decided here alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.api_tokens.recognition import MOST_GENERATIONS
from accounts.changes import ChangeKind, announce
from accounts.errors import NetworkInvalid, TokenUnfit
from accounts.models import ApiToken, Environment, Membership, Role, TokenKind, User
from accounts.models.people import MOST_TOKEN_DAYS, TOKEN_DAYS
from accounts.networks import lies_within, parse_networks


@dataclass(frozen=True)
class _Maker:
    """In whose name a token is made: what kind it is of, and the most that it may."""

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
    """Make a token; its value is the second item, and is known only here. Raises TokenUnfit.

    People make personal tokens unless they ask for a service token, which admins may; a token makes tokens of its own
    kind, no wider than itself, which fall with it; a command makes service tokens. The end is that of
    `end_by_default` unless another, or none, is asked for.
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
    """Return the membership of an active person, locked with the person until the transaction ends.

    So neither a removal nor a deactivation can pass a token that is being made: it sees and ends the token, or is seen.
    """
    rows = place.memberships.select_for_update(no_key=True)
    return rows.filter(user=user_id, user__is_active=True).first()


def _parent(place: Environment, token: ApiToken, kind: TokenKind | None) -> _Maker:
    """Return what a token makes. It is locked, so that it cannot be revoked past the token that it makes."""
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
    """Return when a token ends of which nobody said when: after 90 days, or before that where it must."""
    latest = latest_end(place, parent)
    usual = timezone.now() + timedelta(days=TOKEN_DAYS)
    return min(usual, latest) if latest else usual


def latest_end(place: Environment, parent: ApiToken | None = None) -> datetime | None:
    """Return the latest end that a new token may have: the environment's, and that of the token that makes it."""
    ends = [parent.expires_at] if parent is not None and parent.expires_at else []
    if place.token_days_max is not None:
        ends.append(timezone.now() + timedelta(days=place.token_days_max))
    return min(ends, default=None)


def _end(place: Environment, parent: ApiToken | None, asked: datetime | None, *, endless: bool) -> datetime | None:
    if asked is None and not endless:
        return end_by_default(place, parent)
    if asked is not None and asked <= timezone.now():
        raise TokenUnfit("expires_at", "Must lie ahead. Give a later time, or leave it out.")
    latest = latest_end(place, parent)
    if latest is not None and (asked is None or asked > latest):
        raise TokenUnfit("expires_at", _too_late(place, parent, latest))
    return asked


def _too_late(place: Environment, parent: ApiToken | None, latest: datetime) -> str:
    if parent is not None and parent.expires_at == latest:
        return f"Must not be later than the end of this token itself, {latest:%Y-%m-%dT%H:%M:%SZ}."
    return (
        f"API tokens of {place.name} live at most {place.token_days_max} days: must not be later than "
        f"{latest:%Y-%m-%dT%H:%M:%SZ}. An admin changes that on the page of API tokens."
    )


def _networks(parent: ApiToken | None, asked: Sequence[str]) -> list[str]:
    try:
        networks = parse_networks(asked)
    except NetworkInvalid as invalid:
        raise TokenUnfit("networks", str(invalid)) from None
    if parent is None or not parent.networks:
        return networks
    outside = [each for each in networks if not lies_within(each, parent.networks)]
    if outside:
        raise TokenUnfit("networks", f"{', '.join(outside)}: not within this token's own networks.")
    return networks or parent.networks


@transaction.atomic
def revoke_token(token: ApiToken, actor: audit.Actor) -> None:
    """Refuse a token from now on, and those that it made; rows stay, so that records that name them can be read."""
    ApiToken.objects.select_for_update().get(pk=token.pk)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(actor, "api_token.revoked", token.audit_subject)
    announce(ChangeKind.TOKEN, token.pk)
    end_tokens(_descendants(token), actor, f"{token} is revoked, which it comes from")


@transaction.atomic
def delete_token(token: ApiToken, actor: audit.Actor) -> None:
    """Delete a token with those that it made, each refused at once."""
    made, token_id = list(_descendants(token)), token.pk
    audit.record(actor, "api_token.deleted", token.audit_subject, {"role": token.role, "kind": token.kind})
    end_tokens(made, actor, f"{token} is deleted, which it comes from")
    token.delete()
    announce(ChangeKind.TOKEN, token_id)


def _descendants(token: ApiToken) -> Iterable[ApiToken]:
    """Yield the tokens that come from one and that nobody revoked."""
    generation = [token.pk]
    for _ in range(MOST_GENERATIONS):
        made = list(ApiToken.objects.filter(parent__in=generation))
        yield from (each for each in made if each.revoked_at is None)
        generation = [each.pk for each in made]


def end_tokens(rows: Iterable[ApiToken], actor: audit.Actor, why: str) -> None:
    """Refuse tokens that fall with something else from now on; the audit record says with what."""
    for row in rows:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        audit.record(actor, "api_token.ended", row.audit_subject, {"why": why})
        announce(ChangeKind.TOKEN, row.pk)


@transaction.atomic
def set_longest_life(environment: Environment, actor: audit.Actor, days: int | None) -> None:
    """Set how many days new tokens of an environment live at most; None lets them live without an end."""
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
