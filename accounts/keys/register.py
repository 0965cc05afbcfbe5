"""Hold the keys of this process against the database's check values: refuse others, register new ones, retire old ones.

The first start registers. Afterwards a process with another key does not start, because it would do harm in silence:
no token would be known, no credential readable, and new ones would be stored under the wrong key.
"""

import os

from django.db import transaction
from django.utils import timezone

from accounts.errors import KeysUnusable
from accounts.keys.findings import REFUSED, KeyFinding, KeyState, findings
from accounts.keys.given import GivenKey
from accounts.keys.words import refusal
from accounts.models import KeyCheck

SALT_BYTES = 16


def settle_keys() -> list[KeyFinding]:
    """Register new keys and retire those that nothing needs; raise KeysUnusable if a key is wrong or missing."""
    found = _accepted(findings())
    if all(finding.state is KeyState.MATCHES for finding in found):
        return found
    with transaction.atomic():
        for finding in found:
            _carry_out(finding)
    # Another process may have been faster, with other keys.
    return _accepted(findings())


def _accepted(found: list[KeyFinding]) -> list[KeyFinding]:
    refused = [finding for finding in found if finding.state in REFUSED]
    if refused:
        raise KeysUnusable([finding.name for finding in refused], refusal(refused))
    return found


def _carry_out(finding: KeyFinding) -> None:
    if finding.state in {KeyState.NEW, KeyState.RETIRED}:
        retire(finding.current)
    if finding.state is KeyState.NEW and finding.given is not None:
        register(finding.given)


def register(key: GivenKey) -> None:
    """Store the check value of a key, unless another process has stored one of the same name."""
    salt = os.urandom(SALT_BYTES)
    KeyCheck.objects.bulk_create([KeyCheck(name=key.name, salt=salt, value=key.value(salt))], ignore_conflicts=True)


def retire(check: KeyCheck | None, *, given_up: bool = False) -> None:
    """Note that a key is no longer in use."""
    if check is not None:
        KeyCheck.objects.filter(pk=check.pk, retired_at=None).update(retired_at=timezone.now(), given_up=given_up)
