"""The one query that opens a server finds what the querysets find."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import IntegratedAccount, Integration
from accounts.tokens import MCP_PREFIX, mint
from mcpservers import resolution
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from tests.servers import made_in_every_status

pytestmark = pytest.mark.django_db


def test_a_token_opens_the_same_servers_by_either_way(account: IntegratedAccount) -> None:
    made_in_every_status(account)
    for kept in (timedelta(minutes=1), timedelta(minutes=-1)):
        server, _ = create_server(account, "tests", name="Moved", methods=["read"], tags=[])
        server.take_token(mint(MCP_PREFIX), keep_until=timezone.now() + kept)
        server.save()
    stored = MCPServer.objects.all()
    digests = {bytes(each) for row in stored for each in (row.digest, row.previous_digest) if each is not None}
    assert len(digests) == 8
    for digest in [*digests, b"unknown"]:
        assert MCPServer.objects.open_to(digest) == MCPServer.objects.live().opened_by(digest).first()


def test_what_was_read_is_what_the_rows_hold(account: IntegratedAccount) -> None:
    account.base_url = "https://example.com/api"
    account.save()
    server, _ = create_server(account, "tests", name="S", methods=["read"], tags=[])
    found = MCPServer.objects.open_to(bytes(server.digest))
    assert found is not None
    rows = (
        (found, MCPServer.objects.get(pk=server.pk)),
        (found.account, IntegratedAccount.objects.get(pk=account.pk)),
        (found.account.integration, Integration.objects.get(pk=account.integration_id)),
    )
    for partly, whole in rows:
        read = [field.attname for field in whole._meta.concrete_fields if field.attname in partly.__dict__]
        assert read
        assert {name: getattr(partly, name) for name in read} == {name: getattr(whole, name) for name in read}


def test_one_query_resolves_a_server_of_a_known_integration(
    account: IntegratedAccount, django_assert_num_queries: Any
) -> None:
    other = IntegratedAccount.objects.get(pk=account.pk)
    other.pk, other._state.adding, other.name = uuid4(), True, "Other"
    other.set_credentials(account.read_credentials())
    other.save()
    first, second, third = (
        create_server(owner, "tests", name="S", methods=["read"], tags=[])[0] for owner in (account, account, other)
    )
    # Held, as the cache does: what nobody uses is not shared.
    known = resolution._read(bytes(first.digest), None)
    for server in (second, third):
        with django_assert_num_queries(1):
            found = resolution._read(bytes(server.digest), None)
        assert found is not None
        assert known is not None
        assert found.offer is known.offer
        assert found.connection is not None
