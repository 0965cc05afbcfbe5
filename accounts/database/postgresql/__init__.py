"""Django's engine for PostgreSQL, with a pool for each lane, limits on waiting, and a circuit."""
