"""Django admin of environments, people, integrations and accounts."""

# Importing the modules registers their pages.
from accounts.admin import accounts, identities, language_models, people, sessions

__all__ = ["accounts", "identities", "language_models", "people", "sessions"]
