"""Mint access and refresh tokens in the form of all of Patchbay's tokens, so that scanners know them."""

from accounts import tokens


def access_token(_request: object) -> str:
    """Return a new access token."""
    return tokens.mint(tokens.ACCESS_PREFIX).value


def refresh_token(_request: object) -> str:
    """Return a new refresh token."""
    return tokens.mint(tokens.REFRESH_PREFIX).value
