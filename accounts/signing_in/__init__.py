"""Authentication of people: passwords, limits on guessing, known browsers, and starting a session."""
