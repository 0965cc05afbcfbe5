"""Django admin of environments, people, integrations and accounts."""

# Importing the modules registers their pages.
from accounts.admin import accounts, language_models, people, sessions

__all__ = ["accounts", "language_models", "people", "sessions"]
