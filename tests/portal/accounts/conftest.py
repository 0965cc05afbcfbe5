"""Fixtures of vendors that the tests of this room call."""

from tests.accounts.vendors.oauth.conftest import authority, code_integration, site, site_of_session

__all__ = ["authority", "code_integration", "site", "site_of_session"]
