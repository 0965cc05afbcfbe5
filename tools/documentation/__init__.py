"""Documentation records: their quality, their history, and the bundles that carry them."""
