"""How the keys that a process was given relate to those that its database was used with."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.keys.given import CREDENTIAL_KEYS, SECRET_KEY, GivenKey, earlier_secret_keys, given_keys
from accounts.keys.sealed import sample, sealed_rows
from accounts.models import KeyCheck


class KeyState(StrEnum):
    """The state of one key."""

    MATCHES = "matches"
    NEW = "new"  # to be registered
    RETIRED = "retired"  # no longer given, and nothing is encrypted under it
    UNKNOWN = "unknown"  # another key than the one that the database was used with
    MISSING = "missing"  # not given, and texts are encrypted under it
    REPLACED = "replaced"  # by a rotation, so that what the next key signed is refused


# What a process may not go on with: it would store what nobody can read, or refuse what is right.
HARMFUL = frozenset({KeyState.UNKNOWN, KeyState.MISSING})
# What no process starts with. One that runs goes on with a SECRET_KEY that was replaced, until its own restart.
REFUSED = HARMFUL | {KeyState.REPLACED}


@dataclass(frozen=True)
class KeyFinding:
    """The state of one key. `current` is the check value that it is held against; `sealed` counts texts under it.

    `replaced_at` says of a key that it is one of this database's own, which another has replaced.
    """

    name: str
    state: KeyState
    given: GivenKey | None = None
    current: KeyCheck | None = None
    sealed: int = 0
    replaced_at: datetime | None = None


def findings() -> list[KeyFinding]:
    """Compare every key with the database: those in use, and those that something is encrypted under."""
    checks, sealed = list(KeyCheck.objects.order_by("pk")), sealed_rows()
    given = given_keys()
    names = {key.name for key in given}
    return [*(_of_given(key, checks, sealed) for key in given), *_of_others(names, checks, sealed)]


def _of_given(key: GivenKey, checks: list[KeyCheck], sealed: Counter[str]) -> KeyFinding:
    own = [check for check in checks if check.name == key.name]
    current = next((check for check in own if check.retired_at is None), None)
    under = sealed[key.name.removeprefix(CREDENTIAL_KEYS)] if key.name.startswith(CREDENTIAL_KEYS) else 0
    if current is None:
        # A new id, one that is needed again, or the first start since keys are checked.
        fits = not under or _is_readable(key)
        return KeyFinding(key.name, KeyState.NEW if fits else KeyState.UNKNOWN, key, sealed=under)
    if key.is_of(current):
        return KeyFinding(key.name, KeyState.MATCHES, key, current, under)
    if any(each.name == key.name and each.is_of(current) for each in earlier_secret_keys()):
        return KeyFinding(key.name, KeyState.NEW, key, current)
    earlier = next((check for check in own if check.retired_at and key.is_of(check)), None)
    is_rotated = earlier is not None and not earlier.given_up and key.name == SECRET_KEY
    state = KeyState.REPLACED if is_rotated else KeyState.UNKNOWN
    return KeyFinding(key.name, state, key, current, under, earlier.retired_at if earlier else None)


def _is_readable(key: GivenKey) -> bool:
    """Return whether the key decrypts any of a sample; a single text may be damaged for other reasons."""
    read, tried = sample(key.name.removeprefix(CREDENTIAL_KEYS))
    return read > 0 or not tried


def _of_others(names: set[str], checks: list[KeyCheck], sealed: Counter[str]) -> list[KeyFinding]:
    """Return the findings of keys of the ring that are not given."""
    given_up = {check.name for check in checks if check.given_up}
    current = {check.name: check for check in checks if check.retired_at is None and check.name not in names}
    found = [
        KeyFinding(name, KeyState.MISSING, current=current.get(name), sealed=count)
        for key_id, count in sorted(sealed.items())
        if (name := f"{CREDENTIAL_KEYS}{key_id}") not in names | given_up
    ]
    needed = {finding.name for finding in found}
    # No check value is left of a key that was given up, and that nothing needs.
    unneeded = [
        KeyFinding(name, KeyState.RETIRED, current=check) for name, check in current.items() if name not in needed
    ]
    return [*found, *unneeded]
