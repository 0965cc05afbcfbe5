"""Whether STATIC_ROOT has the files of this release, without which a page fails in the middle of being made."""

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured


def check_static_files() -> None:
    """Raise ImproperlyConfigured if a static file has not been collected."""
    collected = getattr(staticfiles_storage, "hashed_files", None)
    if collected is None:  # they are served from their sources
        return
    ignored = StaticFilesConfig.ignore_patterns
    wanted = {path.replace("\\", "/") for finder in get_finders() for path, _ in finder.list(ignored)}
    if missing := wanted - collected.keys():
        raise ImproperlyConfigured(
            f"{settings.STATIC_ROOT} lacks static files of this release, such as {min(missing)}, so that pages would "
            "fail; run `manage.py collectstatic --noinput` with the environment of this process."
        )
