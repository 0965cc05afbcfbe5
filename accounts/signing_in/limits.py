"""How often signing in may fail: for one name from one address, for one address, and for one name from everywhere.

The first two lock what failed, for a while. The third only slows: whoever guesses somebody's password from many
addresses must not keep that person out. A browser in which the person signed in before has a count of its own, and
is neither locked nor slowed by strangers. An attempt is counted before it is made, so that many at once are no way
around, and is taken back when it succeeds.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts.client_address import client_address, network_of
from accounts.errors import SignInRefused
from accounts.models import FailedSignIns, User
from accounts.signing_in.known_devices import number_of
from accounts.signing_in.names import digest_of, normalised

Kind = FailedSignIns.Kind

WINDOW = timedelta(minutes=15)
LONGEST_PAUSE_SECONDS = 16
# A slowed attempt that nobody comes back for is forgotten.
WAITED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class SignInAttempt:
    """An attempt under way. `locking` is what its failure may lock."""

    counted: tuple[int, ...]
    locking: int
    limit: int
    from_known_device: bool

    def succeed(self) -> None:
        """Take the attempt back: it was no failure."""
        FailedSignIns.objects.filter(pk__in=self.counted, failures__gt=0).update(failures=F("failures") - 1)

    def fail(self) -> None:
        """Leave the attempt counted; raise SignInRefused when it was the last for now."""
        row = FailedSignIns.objects.filter(pk=self.locking).first()
        if row is not None and row.failures >= self.limit:
            raise SignInRefused("locked", math.ceil(WINDOW.total_seconds()))


def begin(request: HttpRequest, name: str) -> SignInAttempt:
    """Count an attempt to prove who somebody is; raise SignInRefused for one that is not taken now."""
    device = number_of(request, name)
    if device:
        attempt = _from_device(name, device)
        if attempt is not None:
            return attempt
    return _from_anywhere(name, network_of(client_address(request)))


def forget(request: HttpRequest, name: str) -> None:
    """Forget what failed before somebody signed in, here and with this name alone."""
    network = network_of(client_address(request))
    FailedSignIns.objects.filter(digest=digest_of(Kind.PAIR, normalised(name), network)).delete()


def prune() -> int:
    """Delete counts that mean nothing any more; return how many."""
    return FailedSignIns.objects.filter(last_at__lte=timezone.now() - WINDOW).delete()[0]


@transaction.atomic
def _from_device(name: str, device: str) -> SignInAttempt | None:
    """Count an attempt in a known browser; None when it failed so often that it is known no longer for a while."""
    row = _locked(Kind.DEVICE, normalised(name), device, user=_user(name))
    if row.failures >= settings.SIGN_IN_FAILURE_LIMIT:
        return None
    return _count([row], settings.SIGN_IN_FAILURE_LIMIT, from_known_device=True)


def _from_anywhere(name: str, network: str) -> SignInAttempt:
    with transaction.atomic():
        verdict = _judged(normalised(name), network, _user(name))
    if isinstance(verdict, SignInRefused):
        raise verdict  # outside, so that what was written about it stays
    return verdict


def _judged(name: str, network: str, user: User | None) -> SignInAttempt | SignInRefused:
    """Count an attempt, or say why it is not taken. Rows are locked in one order, so that no two requests block.

    A locked address is refused before anything is written of the name: else each name that it makes up would be kept.
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
    """Return how many seconds an attempt waits after so many failures with its name, from everywhere."""
    beyond = failures - settings.SIGN_IN_FAILURE_LIMIT
    if beyond < 0:
        return 0
    return int(min(2 ** min(1 + beyond // settings.SIGN_IN_FAILURE_LIMIT, 10), LONGEST_PAUSE_SECONDS))


def _waits(pair: FailedSignIns, pause: int) -> int:
    """Return how many seconds an attempt has still to wait; the first request of it begins the wait.

    Each address waits for itself: no stranger can take a turn from somebody else.
    """
    now = timezone.now()
    if pair.may_try_at is None or now - pair.may_try_at > WAITED_FOR:
        pair.may_try_at = now + timedelta(seconds=pause)
        pair.save(update_fields=["may_try_at"])
    return _seconds_until(pair.may_try_at)


def _seconds_until(moment: datetime) -> int:
    return max(0, math.ceil((moment - timezone.now()).total_seconds()))


def _locked(kind: Kind, *subject: str, user: User | None = None, network: str = "") -> FailedSignIns:
    """Return the row that counts such failures, held until the transaction ends; an old count is begun anew."""
    now = timezone.now()
    digest = digest_of(kind, *subject)
    made = {"kind": kind, "user": user, "network": network, "last_at": now}
    FailedSignIns.objects.get_or_create(digest=digest, defaults=made)
    row = FailedSignIns.objects.select_for_update().get(digest=digest)
    if now - row.last_at >= WINDOW:
        row.failures = 0
    return row


def _count(rows: list[FailedSignIns], limit: int, *, from_known_device: bool) -> SignInAttempt:
    """Count an attempt in each row; the first is the one that its failure may lock."""
    for row in rows:
        row.failures += 1
        row.last_at = timezone.now()
        row.save(update_fields=["failures", "last_at", "may_try_at"])
    return SignInAttempt(tuple(row.pk for row in rows), rows[0].pk, limit, from_known_device)


def _user(name: str) -> User | None:
    return User.objects.filter(username=name).first()
