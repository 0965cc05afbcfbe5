"""Django's engine for SQLite, with the limits of each lane."""
