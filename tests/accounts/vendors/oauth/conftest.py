"""An account at an authorization server that does as a test tells it."""

import pytest

from accounts.models import IntegratedAccount
from tests.accounts.vendors.oauth.grants import client_of
from tests.mcp_client import McpClient
from tests.vendors.fixtures import Consented


@pytest.fixture
def account(consented: Consented) -> IntegratedAccount:
    """An account with tokens that are good for an hour."""
    return consented()


@pytest.fixture
def desk(account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of the account."""
    return client_of(account)
