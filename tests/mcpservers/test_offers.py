"""What servers share: an offer for equal filters of a revision, a connection for an account, all within CACHE_BYTES."""

from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.caches.memory import cache_memory
from accounts.models import IntegratedAccount, Integration
from mcpservers.lifecycle import create_server
from mcpservers.offers import offer_of
from mcpservers.resolution import ResolvedServer, resolve
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.formats import as_mcp
from tools.retrieval import listing as retrieval_listing
from tools.retrieval.sources import sources_of

FILTERS = st.lists(st.sampled_from(["read", "write", "custom", "list", "get", "add_note"]), max_size=4)
TAGS = st.lists(st.sampled_from(["support", "crm", "reporting"]), max_size=3)


def open_server(account: IntegratedAccount, **settings: Any) -> ResolvedServer:
    """Make a server and resolve it as a client's first request does."""
    _, token = create_server(account, "tests", **{"name": "S", "methods": [], "tags": [], **settings})
    return async_to_sync(resolve)(token)


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(methods=FILTERS, tags=TAGS, search_mode=st.booleans(), with_output=st.booleans())
def test_equal_settings_share_one_offer_however_they_are_written(
    account: IntegratedAccount, methods: list[str], tags: list[str], search_mode: bool, with_output: bool
) -> None:
    integration = account.integration
    same: dict[str, Any] = {"search_mode": search_mode, "with_output": with_output}
    first = offer_of(integration, methods, tags, **same)
    assert offer_of(integration, [*reversed(methods), *methods], [*reversed(tags)], **same) is first
    for other in ({"search_mode": not search_mode}, {"with_output": not with_output}):
        assert offer_of(integration, methods, tags, **{**same, **other}) is not first


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(methods=FILTERS, tags=TAGS)
def test_a_listing_is_the_tools_serialised_together(
    account: IntegratedAccount, methods: list[str], tags: list[str]
) -> None:
    catalogue = catalogue_of(account.integration)
    left = catalogue.select(methods, tags)
    tools = [*map(as_mcp, left), *retrieval_listing.listed(sources_of(catalogue.definition, left))]
    offer = offer_of(account.integration, methods, tags)
    assert offer.listing == orjson.dumps(tools)
    for tool in tools:
        tool.pop("outputSchema", None)
    lean = offer_of(account.integration, methods, tags, with_output=False)
    assert lean.listing == orjson.dumps(tools)
    for tool in tools:
        # Before 2025-06-18 a tool had its title there.
        tool["annotations"] = {"title": tool["title"], **tool["annotations"]}
    assert offer.listing_without_output == lean.listing_without_output == orjson.dumps(tools)


@pytest.mark.django_db(transaction=True)
def test_servers_of_an_account_share_its_offer_and_its_connection(account: IntegratedAccount) -> None:
    one, other, reading = open_server(account), open_server(account, name="T"), open_server(account, methods=["read"])
    assert one.offer is other.offer
    assert one.offer is not reading.offer
    text, structured = open_server(account, results="text"), open_server(account, results="structured")
    assert structured.offer is one.offer
    assert text.offer is open_server(account, output_schema=False).offer is not one.offer
    assert one.connection is other.connection is reading.connection
    # What is listed for searching depends on the filters.
    shared = reading.offer.entries[: len(reading.offer.tools)]
    assert {*map(id, shared)} < {*map(id, one.offer.entries)}
    assert one.instructions == other.instructions


@pytest.mark.django_db(transaction=True)
def test_an_edit_compiles_only_its_own_integration_again(
    account: IntegratedAccount, desk_account: IntegratedAccount
) -> None:
    edited, untouched = open_server(account), open_server(desk_account)
    before = edited.offer, untouched.offer
    record = account.integration.documentation.get(resource="cases", method="list")
    record.description = f"{record.description} Edited."
    record.save()
    integrations = [Integration.objects.get(pk=each.integration_id) for each in (account, desk_account)]
    after = tuple(map(offer_of, integrations))
    assert after[0] is not before[0]
    assert after[0].entries != before[0].entries
    assert after[1] is before[1]


@pytest.mark.django_db(transaction=True)
def test_many_servers_stay_within_the_bytes_that_are_set_aside(
    account: IntegratedAccount, desk_account: IntegratedAccount, settings: LazySettings
) -> None:
    settings.CACHE_BYTES = cache_memory.bytes + 40_000
    for number in range(60):
        opened = open_server((account, desk_account)[number % 2], name=f"S{number}")
        assert len(opened.tools) > 0
        del opened
        assert cache_memory.bytes <= settings.CACHE_BYTES
