"""OAuth 2.0 towards vendors: getting a person's consent, tokens at rest, and their refresh, once however many ask.

`client` is who Patchbay is at a vendor, `token_endpoint` asks for tokens, `grants` keeps them in their row,
`refreshing` renews them, `credentials` puts them on requests, `consent` and `views` send an admin to the vendor and
take the answer, `upkeep` renews what nobody uses.
"""
