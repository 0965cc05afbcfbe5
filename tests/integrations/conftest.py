"""Fixtures: stand-ins of vendors on sockets, accounts that are connected to them, and MCP clients of these."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount
from mcpservers.lifecycle import create_server
from portal.accounts.consent import authorization_url
from portal.accounts.joining import client_of, finish, new_consent
from tests.integrations.bundled import load
from tests.mcp_client import McpClient
from tests.vendors.application import serving
from tests.vendors.file_host import FileHost
from tests.vendors.freshdesk import api as freshdesk_stand_in
from tests.vendors.freshdesk.api import Freshdesk
from tests.vendors.intercom import api as intercom_stand_in
from tests.vendors.intercom.api import Intercom
from tests.vendors.zendesk import api as zendesk_stand_in
from tests.vendors.zendesk.api import Zendesk


def client_of_account(account: IntegratedAccount) -> McpClient:
    """Return a client of a server with every tool of an account."""
    return McpClient(create_server(account, "tests", name="Everything", methods=[], tags=[])[1])


@pytest.fixture(scope="session")
def freshdesk_of_session() -> Iterator[Freshdesk]:
    """The stand-in for Freshdesk, for the session."""
    with serving(Freshdesk()) as stand_in:
        yield stand_in


@pytest.fixture
def freshdesk(freshdesk_of_session: Freshdesk, file_host: FileHost) -> Freshdesk:
    """The stand-in for Freshdesk, as in the beginning."""
    freshdesk_of_session.reset()
    freshdesk_of_session.file_host = file_host.address
    return freshdesk_of_session


@pytest.fixture
def freshdesk_account(environment: Environment, freshdesk: Freshdesk) -> IntegratedAccount:
    """An account that is connected to it, with the connection tested."""
    return connect_account(
        environment,
        load("freshdesk"),
        "tests",
        name="Acme Freshdesk",
        fields={"domain": "acme", "api_key": freshdesk_stand_in.KEY},
        base_url=f"{freshdesk.address}/api/v2",
    )


@pytest.fixture
def freshdesk_mcp(transactional_db: None, freshdesk_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of it."""
    return client_of_account(freshdesk_account)


@pytest.fixture(scope="session")
def zendesk_of_session() -> Iterator[Zendesk]:
    """The stand-in for Zendesk, for the session."""
    with serving(Zendesk()) as stand_in:
        yield stand_in


@pytest.fixture
def zendesk(zendesk_of_session: Zendesk, file_host: FileHost) -> Zendesk:
    """The stand-in for Zendesk, as in the beginning."""
    zendesk_of_session.reset()
    zendesk_of_session.file_host = file_host.address
    return zendesk_of_session


@pytest.fixture
def zendesk_account(environment: Environment, zendesk: Zendesk) -> IntegratedAccount:
    """An account that is connected to it: a person was sent to the consent page, and came back with a code."""
    integration = load("zendesk")
    consent = new_consent(
        environment.pk,
        integration,
        name="Acme Zendesk",
        fields={
            "subdomain": "acme",
            "client_id": zendesk_stand_in.CLIENT_ID,
            "client_secret": zendesk_stand_in.CLIENT_SECRET,
        },
        base_url=f"{zendesk.address}/api/v2",
    )
    sent_back = httpx.get(authorization_url(client_of(integration, consent), consent)).headers["location"]
    answer = dict(parse_qsl(urlsplit(sent_back).query))
    assert answer["state"] == consent.state
    return finish(consent, answer, environment=environment, integration=integration, account=None, actor="tests")


@pytest.fixture
def zendesk_mcp(transactional_db: None, zendesk_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of it."""
    return client_of_account(zendesk_account)


@pytest.fixture(scope="session")
def intercom_of_session() -> Iterator[Intercom]:
    """The stand-in for Intercom, for the session."""
    with serving(Intercom()) as stand_in:
        yield stand_in


@pytest.fixture
def intercom(intercom_of_session: Intercom, file_host: FileHost) -> Intercom:
    """The stand-in for Intercom, as in the beginning."""
    intercom_of_session.reset()
    intercom_of_session.file_host = file_host.address
    return intercom_of_session


@pytest.fixture
def intercom_account(environment: Environment, intercom: Intercom) -> IntegratedAccount:
    """An account that is connected to it, with the connection tested."""
    return connect_account(
        environment,
        load("intercom"),
        "tests",
        name="Acme Intercom",
        fields={
            "api_host": "api.eu.intercom.io",
            "token": intercom_stand_in.TOKEN,
            "app_host": "app.eu.intercom.com",
            "workspace_id": "acme1",
        },
        base_url=intercom.address,
    )


@pytest.fixture
def intercom_mcp(transactional_db: None, intercom_account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with every tool of it."""
    return client_of_account(intercom_account)
