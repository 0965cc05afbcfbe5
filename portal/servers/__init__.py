"""The pages of MCP servers: create and change them, see what they expose, connect clients."""
