"""The portal's pages of accounts with their MCP servers, tools and activity, and what these pages show."""
