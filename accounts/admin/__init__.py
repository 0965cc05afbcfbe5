"""Django admin of environments, people, integrations and accounts."""

from accounts.admin import accounts, people

__all__ = ["accounts", "people"]
