"""Pages of an integrated account: connecting it, a vendor's consent, its settings, the list of accounts."""
