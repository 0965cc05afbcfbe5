"""The settings of sign-in: of MCP clients by OAuth, and of people at identity providers."""
