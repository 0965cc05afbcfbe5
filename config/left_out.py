"""Keep libraries from importing what nothing here uses: some do so wherever it is installed.

Together these are 20 MB of a process. Each library does without where the import fails.
"""

import sys
from typing import Any, cast

# The admin's theme and REST framework give these fields widgets; they bring PostgreSQL's driver along, 11 MB on SQLite.
POSTGRESQL_FIELDS = "django.contrib.postgres.fields"
# channels_redis would encrypt messages between processes: 7 MB.
ENCRYPTED_MESSAGES = "cryptography.fernet"
# redis would measure itself for OpenTelemetry: 2 MB.
REDIS_METRICS = "opentelemetry.sdk.metrics"


def leave_out(*modules: str) -> None:
    """Let later imports of these modules fail, unless they are there already."""
    for name in modules:
        # The import system's own mark of a module that is not to be had (Python, section 5.3.1).
        sys.modules.setdefault(name, cast(Any, None))
