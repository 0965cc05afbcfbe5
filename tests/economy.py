"""What the suite does once instead of once a test: a third of its time went there, and no test is about it."""

import functools

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.signals import post_migrate
from httpx._transports import default as transport
from servestatic.middleware import ServeStaticMiddleware  # type: ignore[import-untyped]


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


def keep_permissions() -> None:
    """Put permissions and content types back as they were after each flush, rather than working them out anew."""
    types, permissions = list(ContentType.objects.all()), list(Permission.objects.all())

    def put_back(**_: object) -> None:
        ContentType.objects.bulk_create(types, ignore_conflicts=True)
        Permission.objects.bulk_create(permissions, ignore_conflicts=True)
        ContentType.objects.clear_cache()

    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    post_migrate.connect(put_back, sender=apps.get_app_config("auth"), weak=False)


__all__ = ["empty_tables_in_one_statement", "keep_permissions", "list_static_files_once", "share_one_tls_context"]
