"""Whether the database has every migration of this release. Newer ones do no harm: they are a later release's."""

from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]
NAMED = 3


def unapplied() -> list[Migration]:
    """Return the migrations that the database lacks, by app and name."""
    return sorted(_own() - MigrationRecorder(connection).applied_migrations().keys())


def unapplied_words() -> str:
    """Return which migrations are missing and what to do, as a clause; empty if none is."""
    missing = unapplied()
    if not missing:
        return ""
    names = ", ".join(f"{app}.{name}" for app, name in missing[:NAMED])
    rest = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    return f"it lacks the migrations {names}{rest}; run `manage.py migrate`"


def _own() -> set[Migration]:
    # An app whose models are all replaced by ours has migrations that are never applied.
    used = (app for app in apps.get_app_configs() if settings.MIGRATION_MODULES.get(app.label, app) is not None)
    return {(app.label, name) for app in used for name in _names(app)}


def _names(app: AppConfig) -> list[str]:
    """Return the names of an app's migrations: of the files, since importing them all takes memory for good."""
    return [path.stem for path in (Path(app.path) / "migrations").glob("[!_]*.py")]
