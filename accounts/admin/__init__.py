"""Django admin of environments, people, integrations and accounts."""

from accounts.admin import accounts, people, sessions

__all__ = ["accounts", "people", "sessions"]
