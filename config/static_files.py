"""Whether STATIC_ROOT has the files of this release, without which a page fails in the middle of being made."""

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.exceptions import ImproperlyConfigured


def check_static_files() -> None:
    """Raise ImproperlyConfigured if a static file has not been collected; locally they are served from their sources."""
    if not isinstance(staticfiles_storage, ManifestFilesMixin):
        return
    ignored = apps.get_app_config("staticfiles").ignore_patterns
    wanted = {staticfiles_storage.hash_key(path) for finder in get_finders() for path, _ in finder.list(ignored)}
    if missing := wanted - staticfiles_storage.hashed_files.keys():
        raise ImproperlyConfigured(
            f"{settings.STATIC_ROOT} lacks static files of this release, such as {min(missing)}, so that pages would "
            "fail; run `manage.py collectstatic --noinput` with the environment of this process."
        )
