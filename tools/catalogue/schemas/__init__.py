"""What schemas tools have: read and checked here, listed for clients, of arguments and of results."""
