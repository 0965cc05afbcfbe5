"""MCP servers in the management API."""
