"""Django admin of documentation records, integrations with their imports, and the record of calls."""

from tools.admin import calls

__all__ = ["calls"]
