"""Fake vendors as fixtures, and accounts that are connected to them; a plugin of tests/conftest.py."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount, Integration
from accounts.token_sets import TokenSet
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.mcp_client import McpClient
from tests.vendors.application import serving
from tests.vendors.archive import ARCHIVE
from tests.vendors.authorization_server import FIELDS, AuthorizationServer, bundle
from tests.vendors.desk import DESK
from tests.vendors.file_host import FileHost
from tests.vendors.recording import RecordingVendor, recording_vendor
from tests.vendors.scripted import ScriptedVendor

Consented = Callable[..., IntegratedAccount]


@pytest.fixture(scope="session")
def file_host_of_session() -> Iterator[FileHost]:
    """One host of files for the session."""
    with serving(FileHost()) as host:
        yield host


@pytest.fixture
def file_host(file_host_of_session: FileHost) -> FileHost:
    """A host of files, which is no vendor's own."""
    file_host_of_session.reset()
    return file_host_of_session


@pytest.fixture(scope="session")
def scripted_of_session() -> Iterator[ScriptedVendor]:
    """One scripted vendor for the session."""
    with serving(ScriptedVendor()) as vendor:
        yield vendor


@pytest.fixture
def scripted(scripted_of_session: ScriptedVendor) -> Iterator[ScriptedVendor]:
    """A vendor that answers what the test says."""
    scripted_of_session.reset()
    yield scripted_of_session
    scripted_of_session.reset()


def account_at(address: str, environment: Environment, bundle: str, *, name: str, key: str) -> IntegratedAccount:
    """Load a bundle, and connect an account of its integration at an address."""
    integration = load_bundle(bundle).integration
    fields = {"key": key}
    return connect_account(environment, integration, "tests", name=name, fields=fields, base_url=address, verify=False)


@pytest.fixture
def desk_account(environment: Environment, scripted: ScriptedVendor) -> IntegratedAccount:
    """An account of the small integration, at the scripted vendor."""
    return account_at(scripted.address, environment, DESK, name="Desk", key="desk-secret")


@pytest.fixture
def desk(transactional_db: None, desk_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of the small integration."""
    return McpClient(create_server(desk_account, "tests", name="Desk", methods=[], tags=[])[1])


@pytest.fixture
def archive_account(environment: Environment, scripted: ScriptedVendor) -> IntegratedAccount:
    """An account of the integration with every kind of body and answer, at the scripted vendor."""
    return account_at(scripted.address, environment, ARCHIVE, name="Archive", key="archive-secret")


@pytest.fixture
def archive(transactional_db: None, archive_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of that integration."""
    return McpClient(create_server(archive_account, "tests", name="Archive", methods=[], tags=[])[1])


@pytest.fixture
def home() -> Iterator[RecordingVendor]:
    """Where the secrets were given for."""
    with recording_vendor() as vendor:
        yield vendor


@pytest.fixture
def away() -> Iterator[RecordingVendor]:
    """Where nobody gave them for."""
    with recording_vendor() as vendor:
        yield vendor


@pytest.fixture(scope="session")
def authority_of_session() -> Iterator[AuthorizationServer]:
    """One authorization server for the session."""
    with serving(AuthorizationServer()) as authority:
        yield authority


@pytest.fixture
def authority(authority_of_session: AuthorizationServer) -> Iterator[AuthorizationServer]:
    """The authorization server, with the API behind it."""
    authority_of_session.reset()
    yield authority_of_session
    authority_of_session.reset()


@pytest.fixture
def site(authority_of_session: AuthorizationServer) -> str:
    """Its address."""
    return authority_of_session.address


@pytest.fixture
def code_integration(db: None, site: str) -> Integration:
    """An integration that asks a person for consent."""
    return load_bundle(bundle(site, "code")).integration


@pytest.fixture
def client_integration(db: None, site: str) -> Integration:
    """An integration whose client gets tokens in its own name."""
    return load_bundle(bundle(site, "client")).integration


@pytest.fixture
def consented(transactional_db: None, environment: Environment, authority: AuthorizationServer, site: str) -> Consented:
    """Connects an account as a consent would, with tokens that the server knows."""

    def connected(**changed: object) -> IntegratedAccount:
        integration = load_bundle(bundle(site, "code")).integration
        authority.access["at-first"], authority.refresh["rt-first"] = timezone.now().timestamp() + 3600, "live"
        tokens = TokenSet("at-first", **{"refresh_token": "rt-first", "expires_in": 3600.0, **changed})  # type: ignore[arg-type]
        return connect_account(environment, integration, "tests", name="Desk", fields=FIELDS, tokens=tokens)

    return connected
