"""The portal's pages of people and connections: signing in, profile, members, tokens, audit, settings of an account."""
