"""The client that a definition and an account's fields describe: its addresses, and which of them may be used."""

import pytest
import yaml
from pytest_django import Settings

from accounts.definition import OAuthAuthentication, parse_definition
from accounts.errors import DefinitionInvalid
from accounts.models import IntegratedAccount
from accounts.token_sets import NotATokenSet, read_token_set
from accounts.vendors.oauth.client import ClientAtVendor, endpoint_problem, registered_client
from tests.admin_site import browser, page, superuser
from tests.vendors.authorization_server import FIELDS, bundle

SITE = "https://desk.example"


def client(base_url: str = "", **changed: object) -> ClientAtVendor:
    """Return the client of an account, with parts of the authentication changed."""
    document = yaml.safe_load(bundle(SITE, "code"))["integration"]
    document["authentication"] |= changed
    definition = parse_definition(document)
    assert isinstance(definition.authentication, OAuthAuthentication)
    return registered_client(definition, definition.authentication, FIELDS, base_url)


def test_placeholders_are_filled_in_every_place() -> None:
    made = client(token_url="https://{subdomain}.example/token", scope_separator=",")
    assert made.token_url == "https://acme.example/token"
    assert made.authorization_url == f"{SITE}/authorize?tenant=acme"
    assert made.scope == "tickets.read,offline_access"
    assert FIELDS["client_secret"] not in repr(made)


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [
        (f"{SITE}/token?x=1", "http://127.0.0.1:9/token?x=1"),
        (f"{SITE}:443/token", "http://127.0.0.1:9/token"),
        ("https://login.example/token", "https://login.example/token"),
        ("https://desk.example.evil.example/token", "https://desk.example.evil.example/token"),
    ],
)
def test_an_endpoint_at_the_usual_host_moves_with_the_account_s_own_address(address: str, goes_to: str) -> None:
    assert client("http://127.0.0.1:9/api", token_url=address).token_url == goes_to


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("https://login.example/token", True),
        ("https://login.example/authorize?tenant=acme", True),
        ("http://login.example/token", False),
        ("http://127.0.0.1:9/token", True),
        ("http://127.0.0.1.evil.example/token", False),
        ("https://user:secret@login.example/token", False),
        ("https:///token", False),
        ("ftp://127.0.0.1/token", False),
        ("", False),
    ],
)
def test_endpoints_take_https_but_for_the_hosts_that_are_excepted(address: str, fits: bool, settings: Settings) -> None:
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    assert (endpoint_problem(address) == "") is fits


def test_a_secret_is_asked_for_unless_the_client_has_none() -> None:
    with pytest.raises(DefinitionInvalid, match="client_secret"):
        client(client_secret=None)
    assert client(client_secret=None, client_authentication="none").client_secret == ""


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(3600, 3600), ("3600", 3600), (0, None), ("soon", None), (True, None), (-5, None), (1e12, None)],
)
def test_the_life_of_a_token_is_read_as_vendors_write_it(told: object, seconds: float | None) -> None:
    assert read_token_set({"access_token": "a", "expires_in": told}).expires_in == seconds


@pytest.mark.parametrize("token", ["", None, 5, "a b", "a\nb", "ä", "x" * 20_000])
def test_what_is_no_token_is_refused(token: object) -> None:
    with pytest.raises(NotATokenSet):
        read_token_set({"access_token": token})
    if token:
        with pytest.raises(NotATokenSet):
            read_token_set({"access_token": "a", "refresh_token": token})


def test_the_admin_shows_where_the_tokens_stand_and_never_the_tokens(account: IntegratedAccount) -> None:
    shown = browser(superuser()).get(page(account)).content.decode()
    assert "version 1, the access token ends" in shown
    assert "at-first" not in shown
    assert "rt-first" not in shown
