"""Settings, URLs, the ASGI application and the Celery application."""

from config.start import explain_failures

explain_failures()  # before any package is imported, since one may be missing

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
