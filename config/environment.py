"""Read settings from the environment, and create the secrets of the embedded default.

Every reader raises ImproperlyConfigured with a sentence that names the variable and the values it takes.
"""

import base64
import os
import re
import secrets
import warnings
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# 32 random bytes take 43 characters in Base64 and 64 in hexadecimal, so a good key is longer than this.
LEAST_CHARACTERS = 32
# 32 random hexadecimal digits hardly ever have fewer distinct ones.
FEWEST_KINDS = 8
KEY_BYTES = 32
_ROW = "abcdefghijklmnopqrstuvwxyz0123456789" * 3
RUNS = frozenset(_ROW[at : at + size] for size in range(16, 73) for at in range(36))

WHOLE = re.compile(r"-?[0-9]{1,18}")
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """Return the stripped variable; an empty one counts as unset."""
    value = os.environ.get(name, "").strip()
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that Python could not decode; the error would quote the value
        raise ImproperlyConfigured(f"{name} is not text in UTF-8.") from None
    return value or default


def names(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without empty items."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def networks(name: str) -> list[str]:
    """Return a list of addresses and networks in CIDR notation; `*` alone stands for every address."""
    given = names(name)
    if given == ["*"]:
        return given
    for each in given:
        try:
            ip_network(each)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} has {each!r}, but takes addresses and networks such as 10.0.0.5 or 10.0.0.0/24 "
                "(no host bits set), or * alone."
            ) from None
    return given


def flag(name: str, default: bool) -> bool:
    """Return a boolean variable: one of TRUE or FALSE, in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}, but takes 1 or 0.")


def integer(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """Return a whole number between `least` and `most`."""
    value = text(name)
    if not value:
        return default
    if WHOLE.fullmatch(value) and least <= int(value) <= most:
        return int(value)
    raise ImproperlyConfigured(f"{name} is {value!r}, but takes a whole number from {least} to {most}.")


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return one of the named choices."""
    value = text(name, default)
    if value in choices:
        return value
    raise ImproperlyConfigured(f"{name} is {value!r}, but takes one of: {', '.join(choices)}.")


class Secrets:
    """The secrets of a process, from the environment or from files in a folder.

    With a folder (the embedded default), a missing secret is created on first use and stored with mode 0600, unless
    `database` is already there: then its secrets were lost, and new ones would not fit it. Without a folder
    (production), missing and weak secrets are collected. `refuse` names them all at once.
    """

    def __init__(self, folder: Path | None, database: Path | None = None) -> None:
        self._folder = folder
        self._database = database if database is not None and _has_data(database) else None
        self._lost: list[Path] = []
        self._missing: list[str] = []
        self._weak: list[str] = []

    def get(self, name: str, *, prefix: str = "") -> str:
        """Return a secret; a generated value starts with `prefix`."""
        value = text(name)
        if value:
            return value
        if self._folder is None:
            self._missing.append(name)
            return ""
        path = self._folder / f"{name.lower().replace('_', '-')}.secret"
        if self._database is not None and not path.exists():
            self._lost.append(path)
            return ""
        return kept_secret(path, prefix + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())

    def check(self, name: str, value: str, recipe: str, *, least: int = LEAST_CHARACTERS) -> None:
        """Collect a guessable secret, or only warn outside production; `recipe` is a command that makes a good one."""
        problem = weakness(value, least)
        if not value or not problem:
            return
        self._collect_weak(f"{name} {problem}, so it could be guessed. To make a good one: {recipe}")

    def check_key(self, pair: str) -> None:
        """Collect a key of the key ring (`id:key`) that is not 32 random bytes, or only warn outside production."""
        name, _, encoded = pair.partition(":")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES or weakness(key.hex(), LEAST_CHARACTERS):
            message = f"CREDENTIAL_KEYS takes 32 random bytes in URL-safe Base64 as its key {name[:20]!r}, as id:key. "
            recipe = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'."
            # Of any other length, the key ring refuses it in any case.
            if self._folder is None or len(key) == KEY_BYTES:
                self._collect_weak(f"{message}To make one: {recipe}")

    def _collect_weak(self, message: str) -> None:
        if self._folder is None:
            self._weak.append(message)
        else:
            warnings.warn(f"{message} With DEBUG=0 Patchbay does not start with it.", WeakSecret, stacklevel=3)

    def refuse(self) -> None:
        """Raise ImproperlyConfigured with all missing or else all weak secrets, if there are any."""
        if self._missing:
            raise ImproperlyConfigured(
                f"{', '.join(self._missing)} must be set in the environment when DEBUG is off. "
                "The README's section on production explains how to make them."
            )
        if self._lost:
            raise ImproperlyConfigured(self._loss())
        if self._weak:
            raise ImproperlyConfigured(" ".join(self._weak))

    def _loss(self) -> str:
        names = " and ".join(path.name for path in self._lost)
        return (
            f"{names} {'is' if len(self._lost) == 1 else 'are'} gone from {self._folder}, while the database "
            f"{self._database} is there, which works with no other keys: put back {names} from the backup of that "
            "folder, or, if they are lost for good, see docs/operations.md, Keys that are lost."
        )


def _has_data(database: Path) -> bool:
    try:
        return database.stat().st_size > 0
    except OSError:
        return False


class WeakSecret(UserWarning):
    """A secret from the environment could be guessed."""


def weakness(value: str, least: int) -> str:
    """Return why a secret could be guessed; empty if it is as long and varied as a random one."""
    if len(value) < least:
        return f"has {len(value)} characters, but takes at least {least}"
    if len(set(value)) < FEWEST_KINDS:
        return f"is made of only {len(set(value))} different characters"
    if any(value == (value[:size] * len(value))[: len(value)] for size in range(1, len(value) // 2 + 1)):
        return "is a text that repeats itself"
    if value.lower() in RUNS:
        return "is a row of neighbouring letters or digits"
    return ""


def kept_secret(path: Path, fresh: str) -> str:
    """Return the content of a file, after creating a missing one with `fresh` and mode 0600.

    Processes may start at once: the first to link the file decides, and the others read it. Raises ImproperlyConfigured
    for a file that is empty or no text.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # on a full or read-only disk nothing can be created, and it need not be
        return _filled(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(fresh)
            file.flush()
            # Before it gets its name, or a power cut could leave an empty file of that name.
            os.fsync(file.fileno())
        # Unlike a rename, this fails if another process was faster.
        os.link(partial, path)
    except FileExistsError:
        pass  # from a faster process
    finally:
        partial.unlink()
    return _filled(path)


def _filled(path: Path) -> str:
    try:
        # Editors of Windows begin a file with a mark that is no part of the text.
        kept = path.read_text("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ImproperlyConfigured(
            f"{path} is not text in UTF-8, so it is damaged, or was saved in another encoding: put it back from the "
            "backup of that folder."
        ) from None
    if not kept:
        raise ImproperlyConfigured(
            f"{path} is empty: put it back from the backup of that folder, or delete it if nothing was stored with it "
            "yet."
        )
    return kept
