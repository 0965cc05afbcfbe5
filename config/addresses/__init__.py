"""What the environment gives as an address: database, Redis, mail, and where this installation is found."""
