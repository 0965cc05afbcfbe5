"""The settings of the authorization server (django-oauth-toolkit): OAuth 2.1, with all that RFC 9700 advises."""

from typing import Any

MODELS = {
    "application": "mcpservers.RegisteredClient",
    "grant": "mcpservers.AuthorizationCode",
    "access_token": "mcpservers.AccessToken",
    "refresh_token": "mcpservers.RefreshToken",
    # Neither ID tokens nor device codes are issued. Naming a model of ours leaves the toolkit's without tables.
    "unused": "mcpservers.AccessToken",
}
SCOPES = {
    "read": "Read through the tools of one MCP server.",
    "write": "Use those of its tools that change something.",
    "offline_access": "Stay connected until the person ends it.",
}
ACCESS_SECONDS = 3600
# A connection that nobody has used for so long has to be allowed again.
REFRESH_SECONDS = 60 * 24 * 3600
COMPLIANT = (
    "IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD", "ACCESS_TOKEN_TRANSPORT", "AUTHZ_RESPONSE_ISS", "TOKEN_STORAGE",
    "REFRESH_TOKEN", "REDIRECT_URI_MATCHING", "PKCE_REQUIRED",
)  # fmt: skip


def authorization_server(public_url: str) -> dict[str, Any]:
    """Return the toolkit's settings; the issuer is `{PUBLIC_URL}/oauth`."""
    return {
        "OIDC_ISS_ENDPOINT": f"{public_url}/oauth",
        "OAUTH2_VALIDATOR_CLASS": "mcpservers.sign_in.validation.GrantValidator",
        "SCOPES": SCOPES,
        "DEFAULT_SCOPES": ["read"],
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
        "ACCESS_TOKEN_EXPIRE_SECONDS": ACCESS_SECONDS,
        "ACCESS_TOKEN_GENERATOR": "mcpservers.sign_in.minting.access_token",
        "REFRESH_TOKEN_GENERATOR": "mcpservers.sign_in.minting.refresh_token",
        "REFRESH_TOKEN_EXPIRE_SECONDS": REFRESH_SECONDS,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "PKCE_REQUIRED": True,
        # Loopback addresses need http; every other is refused (RegisteredClient.clean).
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],
        "ALLOW_LOCALHOST_LOOPBACK": True,
        "CIMD_ENABLED": True,
        "CIMD_METADATA_FETCHER": "mcpservers.sign_in.documents.DocumentFetcher",
        "CIMD_REGISTRATION_PERMISSION_CLASSES": ["mcpservers.sign_in.documents.AskedByPeople"],
        **{f"COMPLIANT_BCP_RFC9700_{each}": True for each in COMPLIANT},
    }
