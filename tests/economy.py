"""What the suite does once instead of once a test: a third of its time went there, and no test is about it."""

import copy
import functools
import marshal
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import Model
from django.db.models.signals import post_migrate
from httpx._transports import default as transport
from servestatic.middleware import ServeStaticMiddleware  # type: ignore[import-untyped]

from accounts.definition import Definition
from tools.catalogue import compilation
from tools.documentation import bundles
from tools.models import Documentation

# The bundles that a file of tests loads in turn; a catalogue takes up to some megabytes.
MOST_KNOWN = 16
# What a catalogue may follow from, which is all of a record that is not about its row.
READ = sorted(
    {each.name for each in Documentation._meta.concrete_fields} - {"id", "integration", *Documentation.quiet_fields}
)


def leave_out_grammars() -> None:
    """Keep jsonschema from making 38 grammars of IRIs, in 700 ms a process: no schema here has such a format."""
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # what imports it finds it missing


def share_one_tls_context() -> None:
    """Give all clients of tests one context: each would read every root certificate anew, in 50 ms."""
    transport.create_ssl_context = functools.cache(transport.create_ssl_context)  # type: ignore[attr-defined]


def list_static_files_once() -> None:
    """Give the middleware of all clients of tests one list: each would look at every file anew, in 100 ms."""
    scan = ServeStaticMiddleware.add_files_from_finders
    listed: list[ServeStaticMiddleware] = []

    def add(middleware: ServeStaticMiddleware) -> None:
        if not listed:
            scan(middleware)
            listed.append(middleware)
        middleware.files, middleware.directories = listed[0].files, listed[0].directories

    ServeStaticMiddleware.add_files_from_finders = add


def empty_tables_in_one_statement() -> None:
    """Delete the few rows of a test: PostgreSQL's TRUNCATE makes the files of every table anew, in 200 ms."""

    def sql_flush(operations: DatabaseOperations, style: object, tables: list[str], **_: object) -> list[str]:
        return ["; ".join(f"DELETE FROM {operations.quote_name(table)}" for table in tables)] if tables else []

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign, assignment]


@contextmanager
def database_kept_open() -> Iterator[None]:
    """Keep a connection to SQLite's file: with its last one closed, SQLite empties its log, in 10 ms a test."""
    if connection.vendor != "sqlite":
        yield
        return
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as kept:
        kept.execute("PRAGMA schema_version").fetchall()  # the file is opened by the first statement
        yield


def keep_permissions() -> None:
    """Put permissions and content types back as they were after each flush, rather than working them out anew."""
    kept = [_kept(model) for model in (ContentType, Permission)]

    def put_back(**_: object) -> None:
        with connection.cursor() as cursor:
            for statement, rows in kept:
                cursor.executemany(statement, rows)
        ContentType.objects.clear_cache()

    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    post_migrate.connect(put_back, sender=apps.get_app_config("auth"), weak=False)


def _kept(model: type[Model]) -> tuple[str, list[tuple[Any, ...]]]:
    """Return a statement that inserts the rows that a table lacks, and the rows that it has now."""
    quoted, fields = connection.ops.quote_name, model._meta.local_concrete_fields
    names, places = ", ".join(quoted(str(each.column)) for each in fields), ", ".join("%s" for _ in fields)
    statement = f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"
    return statement, list(model._default_manager.values_list(*(each.attname for each in fields)))


def read_definitions_once() -> None:
    """Validate a document that is known already no more: a test reads that of its bundle five times, each in 3 ms."""
    validate = Definition.model_validate

    @functools.lru_cache(MOST_KNOWN)
    def known(content: bytes) -> Definition:
        return validate(marshal.loads(content))

    def validated(document: object, **how: Any) -> Definition:
        try:
            return validate(document, **how) if how else known(_exactly(document))
        except _Inexact:
            return validate(document)

    Definition.model_validate = validated  # type: ignore[method-assign, assignment]


def compile_bundles_once() -> None:
    """Compile what is known already no more: a thousand tests load the same bundle, each in 30 ms."""
    compilation.compiled = _once(compilation.compiled)
    bundles.held_back = _once(bundles.held_back)  # type: ignore[attr-defined]  # it is where a load looks for it


@dataclass(frozen=True)
class _Given:
    """What something is made from; the same content is the same."""

    content: tuple[object, ...]
    arguments: tuple[Any, ...] = field(compare=False)


def _once(make: Callable[..., Any]) -> Callable[..., Any]:
    """Make what follows from a definition and the content of its records once; everybody gets a copy of their own."""

    @functools.lru_cache(MOST_KNOWN)
    def known(given: _Given) -> Any:
        return make(*given.arguments)

    def made(definition: Definition, records: Collection[Documentation], *drafts: Collection[str]) -> Any:
        arguments = (definition, records, *drafts)
        try:
            content = _exactly([[getattr(record, name) for name in READ] for record in records])
        except _Inexact:
            return make(*arguments)
        # No other definition gets its id: what is known keeps it.
        return copy.copy(known(_Given((id(definition), content, *map(frozenset, drafts)), arguments)))

    return made


class _Inexact(Exception):
    """A value has parts of which marshal cannot tell whether they are equal."""


def _exactly(value: Any) -> bytes:
    """Return what is the same only for the same values of the same types in the same order; raise _Inexact."""
    try:
        return marshal.dumps(value, 2)  # later versions also tell whether equal parts are one object
    except ValueError:
        raise _Inexact from None


__all__ = [
    "compile_bundles_once",
    "database_kept_open",
    "empty_tables_in_one_statement",
    "keep_permissions",
    "leave_out_grammars",
    "list_static_files_once",
    "read_definitions_once",
    "share_one_tls_context",
]
