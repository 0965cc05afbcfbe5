"""The agents' API; and accounts, documentation records and calls in the management API."""
