"""Rows that announce each change of themselves, however it is made: one by one, many at once, or by a cascade.

Caches depend on it: what nobody announces is served until it is compared with the database, a minute later.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from django.db import models, router, transaction
from django.db.models.base import ModelBase
from django.db.models.deletion import Collector

from accounts.changes import MOST_ROWS, Change, ChangeKind, announce

R = TypeVar("R", bound="AnnouncedRow")


class AnnouncedQuerySet(models.QuerySet[R]):
    """Rows whose updates and deletions in bulk are announced."""

    def update(self, **values: Any) -> int:
        """Update the rows, and announce the change unless the fields are quiet."""
        if self.model.is_quiet(values):
            return super().update(**values)
        with transaction.atomic(savepoint=False):
            return models.QuerySet.update(self._announced(), **values)

    def bulk_create(self, objs: Iterable[R], *args: Any, **kwargs: Any) -> list[R]:
        """Insert rows, and announce them."""
        rows = list(objs)
        with transaction.atomic(savepoint=False):
            made = super().bulk_create(rows, *args, **kwargs)
            announce_rows(rows)
        return made

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows with what depends on them, and announce all of it."""
        with transaction.atomic(savepoint=False):
            announce_removal(self.all(), self.db)
            return super().delete()

    def _raw_delete(self, using: str | None) -> int:
        """Delete rows on which nothing depends, as a cascade does."""
        with transaction.atomic(using, savepoint=False):
            return super(AnnouncedQuerySet, self._announced())._raw_delete(using)

    def _announced(self) -> "AnnouncedQuerySet[R]":
        """Announce the rows; return those announced, since others may match by the time of the next statement."""
        field = self.model.announced_by
        if self.model.announced_kind is None:
            return self
        if field:
            ids = [*self.order_by().values_list(field, flat=True).distinct()[: MOST_ROWS + 1]]
            if len(ids) <= MOST_ROWS:
                for row_id in ids:
                    self.model.announce_id(row_id)
                return self.filter(**{f"{field}__in": ids})
        self.model.announce_id(None)
        return self


class AnnouncedRow(models.Model):
    """A row of which caches hold copies, or on which such rows depend.

    `announced_by` is the field with the id of what changes; if it is empty, any row of `announced_kind` may change. A
    row without a kind announces only what is deleted with it. Nobody caches `quiet_fields`.
    """

    announced_kind: ClassVar[ChangeKind | None] = None
    announced_by: ClassVar[str] = ""
    quiet_fields: ClassVar[frozenset[str]] = frozenset()

    objects: ClassVar[Any] = AnnouncedQuerySet.as_manager()

    class Meta:
        abstract = True
        # Cascades delete and change rows through it.
        base_manager_name = "objects"

    def save_base(
        self,
        raw: bool = False,
        force_insert: bool | tuple[ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save, and announce the change."""
        with transaction.atomic(savepoint=False):
            super().save_base(raw, force_insert, force_update, using, update_fields)
            if update_fields is None or not self.is_quiet(update_fields):
                self.announce_id(self.announced_id)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row with what depends on it, and announce all of it."""
        with transaction.atomic(savepoint=False):
            announce_removal([self], router.db_for_write(type(self), instance=self))
            return super().delete(*args, **kwargs)

    @classmethod
    def is_quiet(cls, names: Iterable[str]) -> bool:
        """Return whether nobody caches any of these fields."""
        return cls.announced_kind is None or cls.quiet_fields.issuperset(names)

    @property
    def announced_id(self) -> Any:
        """The id of what changes with this row; None for any row of the kind."""
        return getattr(self, self.announced_by) if self.announced_by else None

    @classmethod
    def announce_id(cls, row_id: Any) -> None:
        """Announce a change of the row with this id; None for any row of the kind."""
        if cls.announced_kind is not None:
            announce(Change(cls.announced_kind, row_id))


def announce_removal(rows: Any, using: str) -> None:
    """Announce the rows that a deletion of these would delete or change; what it does by querysets they announce."""
    collector = Collector(using=using, origin=rows)
    collector.collect(rows)
    announce_rows(row for instances in collector.data.values() for row in instances)
    changed: dict[Any, Any] = collector.field_updates
    for (field, _), parts in changed.items():
        held = (row for part in parts if not isinstance(part, models.QuerySet) for row in part)
        announce_rows(row for row in held if isinstance(row, AnnouncedRow) and not row.is_quiet([field.name]))


def announce_rows(rows: Iterable[models.Model]) -> None:
    """Announce those of these rows that are announced, each id once."""
    found = ((type(row), row.announced_id) for row in rows if isinstance(row, AnnouncedRow))
    for model, row_id in dict.fromkeys(found):
        model.announce_id(row_id)
