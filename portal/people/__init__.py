"""Pages about people: sign-in, profile, members and invitations, API tokens, audit log."""
