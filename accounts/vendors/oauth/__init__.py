"""OAuth 2.0 towards vendors: tokens at rest, and their refresh, once for all calls that need it.

`client` is Patchbay's registration at a vendor, `token_endpoint` requests tokens, `grants` stores them,
`refreshing` renews them, `credentials` puts them on requests. `accounts.integrated_accounts.upkeep` renews those that
are not in use; the portal gets people's consent.
"""
