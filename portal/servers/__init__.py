"""Pages of MCP servers: creating and changing them, what they expose, how clients connect."""
