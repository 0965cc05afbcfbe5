"""How clients reach an account's tools: MCP servers, their tokens and policy, the protocol and its transport."""
