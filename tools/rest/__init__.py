"""The agent-facing API, and documentation records in the management API."""
