"""Keep libraries from importing what nothing here uses: some do so wherever it is installed.

Together these are 20 MB of a process. Each library does without where the import fails.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, cast

# The admin's theme and REST framework give these fields widgets; they bring PostgreSQL's driver along, 11 MB on SQLite.
POSTGRESQL_FIELDS = "django.contrib.postgres.fields"
# channels_redis would encrypt messages between processes: 7 MB.
ENCRYPTED_MESSAGES = "cryptography.fernet"
# redis would measure itself for OpenTelemetry: 2 MB.
REDIS_METRICS = "opentelemetry.sdk.metrics"
# Its pages would show and make tokens; there are pages of our own.
TOOLKIT_ADMIN = "oauth2_provider.admin"
# The toolkit's models name it for ID tokens, which are not issued: it brings cryptography along.
WEB_KEYS = "jwcrypto.jwk"


def leave_out(*modules: str) -> None:
    """Let later imports of these modules fail, unless they are there already."""
    for name in modules:
        # The import system's own mark of a module that is not to be had (Python, section 5.3.1).
        sys.modules.setdefault(name, cast(Any, None))


class _Later(ModuleType):
    """A module that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def import_later(name: str) -> None:
    """Have a module that others import by `from … import module` loaded with its first use."""
    if name not in sys.modules:
        sys.modules[name] = _Later(name)
