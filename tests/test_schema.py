"""The schema serves two releases at once: during a rolling upgrade, processes of the previous one go on writing."""

from collections.abc import Iterator
from functools import cache

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

from tests.releases import PREVIOUS

APPS = {app for app, _ in PREVIOUS.migrations}
Column = tuple[str, str, str]


@cache
def states() -> tuple[ProjectState, ProjectState]:
    """Return the models of the previous release, and the current ones, as the migrations make them."""
    # Without a connection, it reads the files alone, and not which of them have been applied.
    loader = MigrationLoader(None)
    return loader.project_state(list(PREVIOUS.migrations)), loader.project_state()


def columns(state: ProjectState) -> "Iterator[tuple[Column, Field[object, object]]]":
    """Yield every column of our tables, with its field."""
    for (app, model), declared in state.models.items():
        if app in APPS:
            for name, field in declared.fields.items():
                if not field.many_to_many:  # a table of its own
                    yield (app, model, name), field


def is_optional(field: "Field[object, object]") -> bool:
    """Return whether a row can be inserted by a statement that does not name the column."""
    return field.null or field.db_default is not NOT_PROVIDED or field.primary_key


def test_the_previous_release_can_insert_into_every_table() -> None:
    before, now = states()
    known = {column for column, _ in columns(before)}
    tables = {(app, model) for app, model, _ in known}
    refused = {
        ".".join(column)
        for column, field in columns(now)
        if column not in known and column[:2] in tables and not is_optional(field)
    }
    assert refused == set(), "columns that the previous release does not know need db_default, or null=True"


def test_the_previous_release_finds_every_column_that_it_knows() -> None:
    before, now = states()
    assert {column for column, _ in columns(before)} - {column for column, _ in columns(now)} == set(), (
        "a column is dropped or renamed one release after the last one that reads it"
    )


def test_no_column_became_required() -> None:
    before, now = states()
    optional = {column for column, field in columns(before) if field.null}
    assert {column for column, field in columns(now) if column in optional and not is_optional(field)} == set()
