"""Names of parameters that carry credentials, which come from the account and never from a model."""

CREDENTIAL_PARAMETERS = frozenset({"access_token", "oauth_token", "api_key", "apikey", "auth_token"})


def is_credential_name(name: str) -> bool:
    """Return whether a parameter of a query, or a field of a form, carries credentials by its name."""
    return name.lower() in CREDENTIAL_PARAMETERS
