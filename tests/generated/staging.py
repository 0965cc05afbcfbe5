"""Set the stage for generated calls: the families, an account of each at the vendor, and a server of each account."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, Integration
from accounts.vendors.connection import connect
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.generated.family import BASE_PATH, FAMILIES, KEY, bundle
from tests.generated.walks import Stage
from tests.mcp_client import McpClient
from tests.vendors.generated import GeneratedVendor
from tests.vendors.sockets import listening
from tools.catalogue.compilation import catalogue_of
from tools.models.calls import Via
from tools.record.notes import Caller


@contextmanager
def stage_of(loop: asyncio.AbstractEventLoop, environment: Environment) -> Iterator[Stage]:
    """Set the stage, with its vendor listening in this loop for as long as the block lasts."""
    vendors = AsyncExitStack()
    vendor, trap = (
        loop.run_until_complete(vendors.enter_async_context(listening(GeneratedVendor()))) for _ in range(2)
    )
    stage = Stage(vendor, trap, [], [], [], [])
    for name, authentication in FAMILIES.items():
        _add(stage, environment, load_bundle(bundle(name, authentication)).integration)
    yield stage
    loop.run_until_complete(vendors.aclose())


def _add(stage: Stage, environment: Environment, integration: Integration) -> None:
    account = connect_account(
        environment,
        integration,
        "tests",
        name=integration.name,
        fields={"key": KEY},
        base_url=stage.vendor.address + BASE_PATH,
        verify=False,
    )
    stage.tools.append(list(catalogue_of(integration)))
    stage.connections.append(connect(account, integration.parsed()))
    stage.callers.append(Caller(environment.pk, account.pk, Via.REST))
    stage.clients.append(McpClient(create_server(account, "tests", name=integration.name, methods=[], tags=[])[1]))
