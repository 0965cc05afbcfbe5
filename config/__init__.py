"""Settings, URL and ASGI assembly, the Celery application and the assembly of the APIs."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
