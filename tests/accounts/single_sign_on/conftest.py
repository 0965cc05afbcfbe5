"""An identity provider over a socket, named in the settings."""

import secrets
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.serving import served
from tests.vendors.identity_provider import KnobbedProvider


@pytest.fixture
def acme(db: None, settings: Settings) -> Iterator[KnobbedProvider]:
    """A provider whose people are Ida, an admin, and Otto, an operator; its issuer is that of no other test."""
    provider = KnobbedProvider(prefix=f"/{secrets.token_hex(4)}")
    with served(provider) as address:
        provider.issuer = f"{address}{provider.prefix}"
        settings.PUBLIC_URL = "http://testserver"
        settings.OIDC_PROVIDERS = (provider.provider(),)
        yield provider
