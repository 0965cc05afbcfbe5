"""Settings, URLs, the ASGI application and the Celery application (`celery --app config` finds it in celery.py)."""
