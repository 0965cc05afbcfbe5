"""Accounts, API tokens and people in the management API."""
