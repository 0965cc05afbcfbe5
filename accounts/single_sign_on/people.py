"""Whose identity it is: a known one, a person with the same verified address, or somebody new."""

import re
import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.errors import SignOnFailed
from accounts.models import Identity, Invitation, InvitationState, User
from accounts.single_sign_on.authentication import VouchedIdentity
from accounts.single_sign_on.mapped_roles import apply_roles
from accounts.single_sign_on.providers import IdentityProvider, providers
from accounts.texts.addresses import same_address

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9@.+_-]")
MOST_IN_NAME = 100


@transaction.atomic
def person_of(provider: IdentityProvider, vouched: VouchedIdentity) -> User:
    """Return the person who signs in, with the roles that their groups give; raise SignOnFailed."""
    _check_domain(provider, vouched)
    rows = Identity.objects.select_for_update(of=("self",)).select_related("user")
    known = rows.filter(issuer=vouched.issuer, subject=vouched.subject).first()
    user = known.user if known is not None else _first_sign_in(provider, vouched)
    if not user.is_active:
        raise SignOnFailed(f"{provider.label} let you in, but here you are deactivated. Ask an admin of your team.")
    Identity.objects.filter(issuer=vouched.issuer, subject=vouched.subject).update(
        email=vouched.email, last_used_at=timezone.now()
    )
    apply_roles(provider, user, vouched.groups)
    return user


@transaction.atomic
def connect(provider: IdentityProvider, vouched: VouchedIdentity, user: User) -> None:
    """Add an identity to a signed-in person, who proved to be both; raise SignOnFailed."""
    _check_domain(provider, vouched)
    known = Identity.objects.filter(issuer=vouched.issuer, subject=vouched.subject).first()
    if known is not None and known.user_id != user.pk:
        raise SignOnFailed(f"Somebody else here signs in with this account of {provider.label}. Nothing was changed.")
    if known is None:
        _add(provider, vouched, user)
    apply_roles(provider, user, vouched.groups)


@transaction.atomic
def disconnect(identity: Identity, actor: User) -> None:
    """Take an identity away from its person, and with it the roles that it gave."""
    audit.record(actor, "identity.disconnected", identity.user.audit_subject, {"issuer": identity.issuer})
    identity.delete()
    for provider in providers():
        if provider.issuer == identity.issuer:
            apply_roles(provider, identity.user, frozenset())


def _check_domain(provider: IdentityProvider, vouched: VouchedIdentity) -> None:
    domain = vouched.email.rpartition("@")[2].lower()
    if provider.email_domains and domain not in provider.email_domains:
        raise SignOnFailed(
            f"{provider.label} vouches for no address of yours that may sign in here. Sign in there with another "
            "account, or ask the person who runs Patchbay."
        )


def _first_sign_in(provider: IdentityProvider, vouched: VouchedIdentity) -> User:
    user = _with_address(vouched)
    if user is None:
        if not provider.create_people and not _is_invited(vouched):
            raise SignOnFailed(
                f"{provider.label} let you in, but nobody here is connected with you there. If you have an account "
                "here, sign in with it and connect it in your profile; otherwise ask an admin of your team to invite "
                "you."
            )
        user = _make_person(provider, vouched)
    if user.is_active:
        _add(provider, vouched, user)
    return user


def _with_address(vouched: VouchedIdentity) -> User | None:
    """Return the one person who has shown that the verified address is theirs; None if there is no such person.

    Not one with rights over the whole installation: whoever runs a provider could make an address for it. They
    connect it themselves.
    """
    if not vouched.email:
        return None
    # The database may fold other letters into ASCII ones, so the rows are compared once more.
    found = User.objects.filter(verified_email__iexact=vouched.email, is_staff=False, is_superuser=False)
    rows = [
        user
        for user in found[:10]
        if same_address(user.verified_email, vouched.email) and same_address(user.email, vouched.email)
    ]
    return rows[0] if len(rows) == 1 else None


def _is_invited(vouched: VouchedIdentity) -> bool:
    """Return whether an invitation waits for the verified address; the person still has to accept it."""
    waiting = Invitation.objects.in_state(InvitationState.WAITING).filter(email__iexact=vouched.email or "-")
    return any(same_address(row.email, vouched.email) for row in waiting[:10])


def _make_person(provider: IdentityProvider, vouched: VouchedIdentity) -> User:
    """Make a person without a password. Their name here is a label: they are found by issuer and subject."""
    user = User(
        username=_free_name(vouched.email or provider.name, taken=not vouched.email),
        first_name=vouched.first_name,
        last_name=vouched.last_name,
        email=vouched.email,
        verified_email=vouched.email,
    )
    user.set_unusable_password()
    try:
        with transaction.atomic():  # a savepoint, as below
            user.save()
    except IntegrityError:
        raise SignOnFailed("Somebody has just taken your name here. Sign in once more.", is_passing=True) from None
    audit.record(provider.actor, "person.created", user.audit_subject, {"issuer": vouched.issuer})
    return user


def _free_name(wanted: str, *, taken: bool) -> str:
    name = NOT_IN_NAMES.sub("-", wanted)[:MOST_IN_NAME]
    if taken or User.objects.filter(username__iexact=name).exists():
        return f"{name}-{secrets.token_hex(4)}"
    return name


def _add(provider: IdentityProvider, vouched: VouchedIdentity, user: User) -> None:
    try:
        with transaction.atomic():  # a savepoint: on PostgreSQL the error would abort the whole transaction
            Identity.objects.create(
                user=user,
                issuer=vouched.issuer,
                subject=vouched.subject,
                email=vouched.email,
                last_used_at=timezone.now(),
            )
    except IntegrityError:
        # Another subject at this provider, perhaps somebody who was given the address after them.
        raise SignOnFailed(
            f"{user} is connected with another account of {provider.label} already. If that was you, sign in and "
            "disconnect it in your profile first; if not, ask the person who runs Patchbay."
        ) from None
    audit.record(provider.actor, "identity.connected", user.audit_subject, {"issuer": vouched.issuer})
