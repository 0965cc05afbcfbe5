"""The record of calls by months (UTC): on PostgreSQL each has a partition, which pruning drops as a whole.

Calls of a month without one go into the default partition, so that an insert never fails. Nothing is ever moved out of
it: a month that has begun there stays there, and is pruned call by call. SQLite keeps one table.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone

logger = logging.getLogger(__name__)

TABLE = "tools_call"
# What has no partition of its own; after the upgrade, all calls from before it.
REST = f"{TABLE}_rest"
AHEAD = 2
# A lock that waits lets nobody pass, so each attempt is short; between two of them, everybody else does.
LOCK_MILLISECONDS = 500
ATTEMPTS = 3
# PostgreSQL, Appendix A: lock_not_available.
NO_LOCK = "55P03"
NAMED = re.compile(rf"{TABLE}_(\d{{4}})_(\d\d)")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month, in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        in_utc = moment.astimezone(UTC)
        return cls(in_utc.year, in_utc.month)

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def begins(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        return self.next.begins

    @property
    def table(self) -> str:
        """The name of its partition."""
        return f"{TABLE}_{self.year:04}_{self.number:02}"

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def make_coming() -> list[Month]:
    """Make the partitions of the coming months that have none; return those that were made."""
    if not _is_by_month():
        return []
    made, there = [], set(partitions())
    month = Month.of(timezone.now())
    for _ in range(AHEAD):
        month = month.next
        if month not in there and _make(month):
            made.append(month)
    return made


def partitions() -> list[Month]:
    """Return the months that have a partition, oldest first."""
    return _partitions("TRUE")


def ended(horizon: datetime) -> list[Month]:
    """Return the months that ended before a time and have a partition that may be dropped, oldest first."""
    # Only its owner may drop a table: a process with lesser rights deletes the calls one by one.
    return [month for month in _partitions("pg_has_role(relowner, 'USAGE')") if month.ends <= horizon]


def _partitions(condition: str) -> list[Month]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"  # noqa: S608  a constant
            f" WHERE inhparent = to_regclass(%s) AND {condition}",
            [TABLE],
        )
        names = (NAMED.fullmatch(name) for (name,) in cursor.fetchall())
        return sorted(Month(int(name[1]), int(name[2])) for name in names if name)


def drop_before(horizon: datetime) -> int:
    """Drop the partitions of months that ended before a time; return how many calls were in them."""
    return sum(map(_drop, ended(horizon)))


def _is_by_month() -> bool:
    """Return whether the record has partitions: the schema of the previous release has none."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(%s)", [TABLE])
        return bool(cursor.fetchone() == (True,))


def _make(month: Month) -> bool:
    if _is_in_rest(month):
        logger.warning(
            "%s gets no partition, because calls of it are in %s already: they stay there, and are pruned one by one.",
            month, REST,
        )  # fmt: skip
        return False
    try:
        for statements in _making(month):
            _run_briefly(*statements)
    except (IntegrityError, OperationalError, ProgrammingError) as problem:
        _undo(month)
        # Another worker may have been faster.
        if month not in partitions():
            logger.warning(
                "%s got no partition yet, which is tried again; its calls would go into %s (%s).",
                month, REST, type(problem.__cause__ or problem).__name__,
            )  # fmt: skip
        return False
    return True


def _is_in_rest(month: Month) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {REST} WHERE started_at >= %s AND started_at < %s)",  # noqa: S608  a constant
            [month.begins, month.ends],
        )
        return bool(cursor.fetchone() == (True,))


def _making(month: Month) -> Iterator[tuple[str, ...]]:
    """Yield the transactions that make a partition.

    A partition that is attached has to prove that the default one holds none of its rows. A constraint proves that
    without reading the default partition while it is locked.
    """
    begins, ends = f"'{month.begins.isoformat()}'", f"'{month.ends.isoformat()}'"
    unlike = f"CHECK (started_at < {begins} OR started_at >= {ends})"
    # One that is left over from an attempt that was killed.
    yield (f"ALTER TABLE {REST} DROP CONSTRAINT IF EXISTS {_constraint(month)}",)
    yield (f"ALTER TABLE {REST} ADD CONSTRAINT {_constraint(month)} {unlike} NOT VALID",)
    yield (f"ALTER TABLE {REST} VALIDATE CONSTRAINT {_constraint(month)}",)
    yield (
        f"CREATE TABLE {month.table} (LIKE {TABLE} INCLUDING ALL EXCLUDING IDENTITY)",
        # Unlike CREATE TABLE … PARTITION OF, this lets calls be read and written meanwhile.
        f"ALTER TABLE {TABLE} ATTACH PARTITION {month.table} FOR VALUES FROM ({begins}) TO ({ends})",
        f"ALTER TABLE {REST} DROP CONSTRAINT IF EXISTS {_constraint(month)}",
    )


def _undo(month: Month) -> None:
    try:
        _run_briefly(f"ALTER TABLE {REST} DROP CONSTRAINT IF EXISTS {_constraint(month)}")
    except (OperationalError, ProgrammingError):
        logger.warning("The constraint %s of %s is left over; the next attempt drops it.", _constraint(month), REST)


def _constraint(month: Month) -> str:
    return f"{month.table}_elsewhere"


def _drop(month: Month) -> int:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {month.table}")  # noqa: S608  made of two numbers
            calls = int(cursor.fetchone()[0])
        _run_briefly(f"DROP TABLE {month.table}")
    except (OperationalError, ProgrammingError) as problem:
        if month in partitions():
            reason = type(problem.__cause__ or problem).__name__
            logger.warning("The calls of %s could not be dropped, which is tried again (%s).", month, reason)
        return 0
    logger.info("The partition of %s is dropped: all its calls are older than CALL_RETENTION_DAYS.", month)
    return calls


def _run_briefly(*statements: str) -> None:
    """Run statements in one transaction that waits for no lock for long, some times if need be."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
                for statement in statements:
                    cursor.execute(statement)
        except OperationalError as problem:
            if attempt == ATTEMPTS or getattr(problem.__cause__, "sqlstate", None) != NO_LOCK:
                raise
        else:
            return
