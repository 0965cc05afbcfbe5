"""Pages of people: signing in, profile, members and invitations, API tokens, the audit record."""
