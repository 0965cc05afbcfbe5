"""The agents' API, and documentation records and calls in the management API."""
