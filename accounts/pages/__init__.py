"""Pages of the portal about people: signing in, profile, members, API tokens, the audit record."""
