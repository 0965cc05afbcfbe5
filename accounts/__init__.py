"""Access: environments, members, API tokens, integrations, integrated accounts and their credentials."""
