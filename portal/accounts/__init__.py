"""Pages about integrated accounts: list, connecting, OAuth consent, settings."""
