"""Which addresses of files may get an account's credentials: those below a path of its own place, and no others."""

from uuid import uuid4

import pytest

from accounts.vendors.authentication import FixedCredentials
from accounts.vendors.concealment import SecretMask
from accounts.vendors.connection import Connection

CREDENTIALS = FixedCredentials(SecretMask(()))


@pytest.mark.parametrize(
    ("destination", "address", "is_home"),
    [
        ("https://a.example", "https://a.example/files/1?x=/..", True),
        ("https://a.example", "https://A.example:443/files/1", True),
        ("https://a.example", "http://a.example/files/1", False),
        ("https://a.example", "https://a.example:8443/files/1", False),
        ("https://a.example", "https://b.a.example/files/1", False),
        ("https://a.example", "https://a.example.evil.example/files/1", False),
        ("https://a.example", "https://a.example/api/users", False),
        ("https://a.example", "https://a.example/files/../api/users", False),
        ("https://a.example", "https://a.example/files/%252e%252e/api/users", False),
        ("https://a.example", "https://a.example/files/..;/api/users", False),
        ("https://a.example", "https://a.example/files/..\\api", False),
        # On a host that many customers share, the path says whose place it is.
        ("https://a.example/files/acme", "https://a.example/files/acme/1", True),
        ("https://a.example/files/acme", "https://a.example/files/acme-2/1", False),
        ("https://a.example/files/acme", "https://a.example/files/other/1", False),
        ("", "https://a.example/files/1", False),
    ],
)
def test_an_address_is_an_accounts_own_place_or_not(destination: str, address: str, *, is_home: bool) -> None:
    account = Connection(
        uuid4(), uuid4(), "Acme", "Desk", "https://a.example/api", CREDENTIALS, destination=destination
    )
    assert account.is_home(address, "/files/") is is_home
