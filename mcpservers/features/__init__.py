"""What a server offers beside its tools (MCP, Server features): prompts, resources, the account's documentation."""
