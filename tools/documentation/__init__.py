"""Documentation records: how good they are, their history, their way in and out as bundles."""
