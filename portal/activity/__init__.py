"""Pages of the calls: as they happen, one by one, in figures and as a file."""
