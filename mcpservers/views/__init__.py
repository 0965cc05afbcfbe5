"""The portal's pages of accounts and their MCP servers."""
