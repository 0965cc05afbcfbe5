"""Single sign-on of people at identity providers that OIDC_PROVIDERS names (OpenID Connect Core 1.0)."""
