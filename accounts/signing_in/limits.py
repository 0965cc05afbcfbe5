"""Limits on failed sign-ins: for one name from one address, for one address, and for one name from anywhere.

The first two lock for a while. The third only slows attempts down, because guessing from many addresses must not
lock the person out. A browser in which the person has signed in before has its own count, and strangers neither lock
nor slow it. An attempt is counted before the check, so that concurrent attempts cannot evade the limit, and the count
is taken back if it succeeds.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import SignInRefused
from accounts.models import FailedSignIns, User
from accounts.signing_in.known_devices import number_of
from accounts.signing_in.names import normalised_name, sign_in_digest
from accounts.web.client_address import client_address, network_of

Kind = FailedSignIns.Kind

WINDOW = timedelta(minutes=15)
LONGEST_PAUSE_SECONDS = 16
# A slowed attempt that is not repeated within this time has to wait anew.
WAITED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class SignInAttempt:
    """A counted attempt. `counted` and `locking` are row ids; `locking` is the row that `limit` applies to."""

    counted: tuple[int, ...]
    locking: int
    limit: int
    from_known_device: bool

    def take_back(self) -> None:
        """Take the attempt back out of the counts."""
        # The count may have been reset meanwhile, and must not become negative.
        FailedSignIns.objects.filter(pk__in=self.counted, failures__gt=0).update(failures=F("failures") - 1)

    def fail(self) -> None:
        """Keep the attempt counted; raise SignInRefused if it reached the limit."""
        row = FailedSignIns.objects.filter(pk=self.locking).first()
        if row is not None and row.failures >= self.limit:
            raise SignInRefused("locked", math.ceil(WINDOW.total_seconds()))


def begin(request: HttpRequest, name: str) -> SignInAttempt:
    """Count an attempt to authenticate; raise SignInRefused if it is locked or slowed."""
    device = number_of(request, name)
    if device:
        attempt = _from_device(name, device)
        if attempt is not None:
            return attempt
    return _from_anywhere(name, network_of(client_address(request)))


def begin_from_address(request: HttpRequest) -> SignInAttempt:
    """Count an attempt in which no name was given, for its address alone; raise SignInRefused if that is locked."""
    network = network_of(client_address(request))
    with transaction.atomic():
        row = _locked(Kind.NETWORK, network, network=network)
        if row.failures < settings.SIGN_IN_ADDRESS_FAILURE_LIMIT:
            return _count([row], settings.SIGN_IN_ADDRESS_FAILURE_LIMIT, from_known_device=False)
    raise _locked_out(row)


def forget(request: HttpRequest, name: str) -> None:
    """Reset the count for this name and address, after a sign-in."""
    network = network_of(client_address(request))
    FailedSignIns.objects.filter(digest=sign_in_digest(Kind.PAIR, normalised_name(name), network)).delete()


def prune() -> int:
    """Delete counts older than WINDOW; return how many."""
    return FailedSignIns.objects.filter(last_at__lte=timezone.now() - WINDOW).delete()[0]


@transaction.atomic
def _from_device(name: str, device: str) -> SignInAttempt | None:
    """Count an attempt in a known browser; None if it has failed too often to be treated as known for now."""
    row = _locked(Kind.DEVICE, normalised_name(name), device, user=_user(name))
    if row.failures >= settings.SIGN_IN_FAILURE_LIMIT:
        return None
    return _count([row], settings.SIGN_IN_FAILURE_LIMIT, from_known_device=True)


def _from_anywhere(name: str, network: str) -> SignInAttempt:
    with transaction.atomic():
        verdict = _judged(normalised_name(name), network, _user(name))
    if isinstance(verdict, SignInRefused):
        raise verdict  # outside the transaction, which would roll back the counts
    return verdict


def _judged(name: str, network: str, user: User | None) -> SignInAttempt | SignInRefused:
    """Count an attempt, or return why it is refused. Rows are locked in a fixed order, to avoid deadlocks.

    A locked address is refused before a row is created for the name, so that it cannot fill the table with names.
    """
    of_network = _locked(Kind.NETWORK, network, network=network)
    if of_network.failures >= settings.SIGN_IN_ADDRESS_FAILURE_LIMIT:
        return _locked_out(of_network)
    of_name = _locked(Kind.NAME, name, user=user)
    of_pair = _locked(Kind.PAIR, name, network, user=user, network=network)
    if of_pair.failures >= settings.SIGN_IN_FAILURE_LIMIT:
        return _locked_out(of_pair)
    pause = _pause(of_name.failures)
    if pause:
        waits = _waits(of_pair, pause)
        if waits:
            return SignInRefused("slowed", waits)
    of_pair.may_try_at = None
    return _count([of_pair, of_network, of_name], settings.SIGN_IN_FAILURE_LIMIT, from_known_device=False)


def _locked_out(row: FailedSignIns) -> SignInRefused:
    return SignInRefused("locked", _seconds_until(row.last_at + WINDOW))


def _pause(failures: int) -> int:
    """Return how many seconds an attempt waits, after `failures` with its name from anywhere."""
    beyond = failures - settings.SIGN_IN_FAILURE_LIMIT
    if beyond < 0:
        return 0
    # The exponent is bounded, or failures from many addresses would make a huge number.
    return int(min(2 ** min(1 + beyond // settings.SIGN_IN_FAILURE_LIMIT, 10), LONGEST_PAUSE_SECONDS))


def _waits(pair: FailedSignIns, pause: int) -> int:
    """Return the seconds that an attempt still has to wait; its first request starts the wait.

    The wait is kept per address, so that strangers cannot use up another person's turn.
    """
    now = timezone.now()
    if pair.may_try_at is None or now - pair.may_try_at > WAITED_FOR:
        pair.may_try_at = now + timedelta(seconds=pause)
        pair.save(update_fields=["may_try_at"])
    return _seconds_until(pair.may_try_at)


def _seconds_until(moment: datetime) -> int:
    return max(0, math.ceil((moment - timezone.now()).total_seconds()))


def _locked(kind: Kind, *subject: str, user: User | None = None, network: str = "") -> FailedSignIns:
    """Return the row that counts these failures, locked until the transaction ends; an old count restarts at 0."""
    now = timezone.now()
    digest = sign_in_digest(kind, *subject)
    made = {"kind": kind, "user": user, "network": network, "last_at": now}
    # Created first, because a missing row cannot be locked.
    FailedSignIns.objects.get_or_create(digest=digest, defaults=made)
    row = FailedSignIns.objects.select_for_update().get(digest=digest)
    if now - row.last_at >= WINDOW:
        row.failures = 0
    return row


def _count(rows: list[FailedSignIns], limit: int, *, from_known_device: bool) -> SignInAttempt:
    """Count an attempt in each row; the limit applies to the first."""
    for row in rows:
        row.failures += 1
        row.last_at = timezone.now()
        row.save(update_fields=["failures", "last_at", "may_try_at"])
    return SignInAttempt(tuple(row.pk for row in rows), rows[0].pk, limit, from_known_device)


def _user(name: str) -> User | None:
    return User.objects.filter(username=name).first()
