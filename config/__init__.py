"""Settings, URLs, the ASGI application and the Celery application (`celery --app config` finds it in celery.py)."""

from config.start import explain_failures

explain_failures()  # before any package is imported, since one may be missing
