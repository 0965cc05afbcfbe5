"""Say in one sentence why a process cannot start, and print no traceback for what an operator can mend.

Nothing but the standard library is imported here: a package that is missing is one of the reasons.
"""

import errno
import logging
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

Words = Callable[[BaseException], str]
# Not `database "…" does not exist`, which `migrate` would not mend.
RELATION_MISSING = re.compile(r"no such (table|column)|(relation|column) .* does not exist")
RELATION_PRESENT = "already exists"


class _Reason(logging.Filter):
    """Keep what was logged last about the database for the sentence: the error says only that it is not there."""

    latest = ""

    def filter(self, record: logging.LogRecord) -> bool:
        # The pool's line is `error connecting in 'pool-1': …`, the circuit's has the reason as its argument.
        self.latest = (
            str(record.args[0]) if record.name == CIRCUIT and isinstance(record.args, tuple) else record.getMessage()
        )
        return False


POOL, CIRCUIT = "psycopg.pool", "accounts.database.circuit"
ONLY_AWAY = frozenset({"PoolTimeout", "DatabaseAway"})
_reason = _Reason()


def explain_failures() -> None:
    """Print a sentence instead of a traceback for every failure of the main thread whose cause is known."""
    sys.excepthook = _print_failure
    for name in (POOL, CIRCUIT):
        logging.getLogger(name).addFilter(_reason)


def has_started() -> None:
    """Print tracebacks again: from now on a failure is not one of the start."""
    sys.excepthook = sys.__excepthook__
    for name in (POOL, CIRCUIT):
        logging.getLogger(name).removeFilter(_reason)


def start_failure(failure: BaseException) -> str:
    """Return the sentence for a failure; raise the failure again if its cause is not known."""
    names = [kind.__name__ for kind in type(failure).__mro__]
    words = next((words for name, words in WORDS.items() if name in names), None)
    if words is None:
        raise failure
    return f"Patchbay cannot start: {words(failure)}"


def _print_failure(kind: type[BaseException], failure: BaseException, traceback: TracebackType | None) -> None:
    for handler in logging.getLogger().handlers:
        handler.flush()  # so that the sentence is the last
    if "--traceback" not in sys.argv:
        with suppress(BaseException):
            sys.stderr.write(f"{start_failure(failure)}\n")
            return
    sys.__excepthook__(kind, failure, traceback)


def _itself(failure: BaseException) -> str:
    return " ".join(str(failure).split())


def _package(failure: BaseException) -> str:
    name = getattr(failure, "name", None) or failure
    return (
        f"the Python package {name} is not installed for {sys.executable}; run `make setup`, or "
        "`pip install --require-hashes -r requirements.lock`, and start with that interpreter."
    )


def database_reason(failure: BaseException) -> str:
    """Return why the database could not be used by a process that is starting, in the driver's words."""
    is_only_away = ONLY_AWAY & {type(failure).__name__, type(failure.__cause__).__name__}
    said = _reason.latest.partition(": ")[2] if is_only_away else str(failure)
    return (said.strip() or str(failure).strip() or type(failure).__name__).splitlines()[0].rstrip(".")


def _database(failure: BaseException) -> str:
    reason = database_reason(failure)
    if RELATION_MISSING.search(reason):
        return f"the database has not been migrated to this release ({reason}); run `manage.py migrate` first."
    if RELATION_PRESENT in reason:
        return (
            f"the database has tables that no migration recorded in it made ({reason}), as after a restore over "
            "a later release; empty it and restore the backup again, as docs/operations.md says (Backup and restore)."
        )
    return (
        f"the database cannot be used ({reason}); check that it runs, that DATABASE_URL names it, and that this user "
        "may read and write it."
    )


def _system(failure: BaseException) -> str:
    reason = getattr(failure, "strerror", None) or str(failure)
    place = getattr(failure, "filename", None)
    if getattr(failure, "errno", None) == errno.ENOSPC:
        # Known when a file is opened, but not when it is written.
        return f"the disk of {place or 'DATA_DIR'} is full; make space, or choose another folder with DATA_DIR."
    if place is None:
        return f"the system refuses what it needs ({reason})."
    return (
        f"{os.fsdecode(place)} cannot be used ({reason}); DATA_DIR must be a folder in which this user may create "
        "files, and every file in it the user's own."
    )


# By the names of classes, since their packages may be missing.
WORDS: dict[str, Words] = {
    "ImproperlyConfigured": _itself,
    "KeysUnusable": _itself,
    "PortUnusable": _itself,
    "ModuleNotFoundError": _package,
    "OperationalError": _database,
    "ProgrammingError": _database,
    "PoolTimeout": _database,
    "OSError": _system,
}
