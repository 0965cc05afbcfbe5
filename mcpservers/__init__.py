"""How a client reaches an account's tools: MCP servers and their tokens, policy, the protocol, its transport."""
