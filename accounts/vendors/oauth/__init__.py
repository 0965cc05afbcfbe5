"""OAuth 2.0 towards vendors: tokens at rest, and their refresh, once however many ask.

`client` is who Patchbay is at a vendor, `token_endpoint` asks for tokens, `grants` keeps them in their row,
`refreshing` renews them, `credentials` puts them on requests, `upkeep` renews what nobody uses. Getting a person's
consent is the portal's.
"""
