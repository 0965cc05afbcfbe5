"""The web process: uvicorn with the project's logging. Run as `python -m config.serve`."""

import os

import django
import uvicorn
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    """Serve until told to stop; open requests may finish within the time that the settings allow."""
    django.setup()
    uvicorn.run(
        "config.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        log_config=None,
        access_log=settings.ACCESS_LOG,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.FORWARDED_ALLOW_IPS,
        timeout_graceful_shutdown=settings.SHUTDOWN_SECONDS,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
