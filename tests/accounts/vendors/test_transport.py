"""Answers that no library would send, over a socket: whatever a vendor writes, it is an answer or a known failure."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_django.fixtures import Settings
from yarl import URL

from accounts.errors import (
    UpstreamBroken,
    UpstreamTimeout,
    UpstreamTooLarge,
    UpstreamUnreachable,
    UpstreamUnreadable,
    UpstreamUnsendable,
)
from accounts.vendors.owner import Owner
from accounts.vendors.transport import PooledTransport
from accounts.vendors.upstream import Upstream, UpstreamResponse
from tests.vendors.scripted import gzipped
from tests.vendors.sockets import Conversation, Script, answering, closing, silent, socket_vendor

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as opened:
        yield opened


OURS = Owner(uuid4(), uuid4())
GONE = "aiohttp {} is not what accounts/vendors/transport.py takes it for: it was renamed, or does something else"


class CountingTransport(PooledTransport):
    """The product's own, which counts how often it is asked to send."""

    def __init__(self) -> None:
        super().__init__(connect_seconds=5, read_seconds=5, total_seconds=5)
        self.attempts = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.attempts += 1
        return await super().handle_async_request(request)


async def ask(
    upstream: Upstream,
    address: str,
    method: str = "GET",
    *,
    idempotent: bool = False,
    content: bytes = b"",
    owner: Owner | None = OURS,
) -> UpstreamResponse:
    extensions = {"target": "/x", "owner": owner}
    request = httpx.Request(method, address, stream=httpx.ByteStream(content), extensions=extensions)
    return await upstream.send(request, idempotent=idempotent)


async def answered(upstream: Upstream, script: Script) -> UpstreamResponse:
    async with socket_vendor(script) as vendor:
        return await ask(upstream, vendor.address)


class TestTimes:
    """Each limit of time ends a request by itself."""

    async def test_a_vendor_that_never_answers_ends_at_the_pause_allowed(self, settings: Settings) -> None:
        settings.UPSTREAM_READ_SECONDS = 0.05
        async with Upstream() as upstream, socket_vendor(silent) as vendor:
            with pytest.raises(UpstreamTimeout, match=r"nothing came for 0\.05 s") as failure:
                await ask(upstream, vendor.address)
        assert failure.value.may_have_arrived

    async def test_a_pause_within_the_answer_ends_it_too(self, settings: Settings) -> None:
        settings.UPSTREAM_READ_SECONDS = 0.05

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")
            await silent(conversation)

        async with Upstream() as upstream:
            with pytest.raises(UpstreamTimeout, match="nothing came for"):
                await answered(upstream, script)

    async def test_a_kept_connection_that_never_answers_again_ends_at_the_pause_allowed(
        self, settings: Settings
    ) -> None:
        settings.UPSTREAM_READ_SECONDS = 0.05

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await silent(conversation)

        async with Upstream() as upstream, socket_vendor(script) as vendor:
            await ask(upstream, vendor.address)
            with pytest.raises(UpstreamTimeout, match="nothing came for"):
                await ask(upstream, vendor.address, "POST")
        assert vendor.connections == 1

    async def test_a_vendor_that_drips_never_pauses_and_ends_at_the_total(self, settings: Settings) -> None:
        settings.UPSTREAM_READ_SECONDS, settings.UPSTREAM_TOTAL_SECONDS = 0.1, 0.2

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
            while True:
                await conversation.write(b" ")
                await asyncio.sleep(0.01)

        async with Upstream() as upstream:
            with pytest.raises(UpstreamTimeout, match=r"no whole answer within 0\.2 s"):
                await answered(upstream, script)

    async def test_a_request_with_less_time_of_its_own_says_how_much_it_had(self) -> None:
        extensions = {"target": "/x", "owner": OURS, "seconds": 0.05}
        async with Upstream() as upstream, socket_vendor(silent) as vendor:
            request = httpx.Request("POST", vendor.address, stream=httpx.ByteStream(b""), extensions=extensions)
            with pytest.raises(UpstreamTimeout, match=r"no whole answer within 0\.05 s"):
                await upstream.send(request)

    async def test_endless_interim_answers_end_at_the_total(self, settings: Settings) -> None:
        settings.UPSTREAM_TOTAL_SECONDS = 0.2

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            while True:
                await conversation.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await asyncio.sleep(0.01)

        async with Upstream() as upstream:
            with pytest.raises(UpstreamTimeout, match="no whole answer"):
                await answered(upstream, script)

    async def test_a_connection_that_is_not_accepted_ends_at_the_time_to_connect(self, settings: Settings) -> None:
        """A TLS handshake that the other side never answers is part of connecting."""
        settings.UPSTREAM_CONNECT_SECONDS = 0.05
        async with Upstream() as upstream, socket_vendor(silent) as vendor:
            with pytest.raises(UpstreamUnreachable, match="no connection could be made") as failure:
                await ask(upstream, vendor.address.replace("http://", "https://"))
        assert not failure.value.may_have_arrived

    async def test_nothing_was_sent_where_the_total_ends_before_there_is_a_connection(self, settings: Settings) -> None:
        settings.UPSTREAM_TOTAL_SECONDS = 0.05
        async with Upstream() as upstream, socket_vendor(silent) as vendor:
            with pytest.raises(UpstreamUnreachable) as failure:
                await ask(upstream, vendor.address.replace("http://", "https://"))
        assert not failure.value.may_have_arrived


class TestProof:
    """A host that does not prove who it is is not spoken to."""

    async def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(
        self, upstream: Upstream, self_signed: ssl.SSLContext
    ) -> None:
        async with socket_vendor(answering(OK), tls=self_signed) as vendor:
            with pytest.raises(UpstreamUnreachable, match="TLS certificate is one that it signed itself"):
                await ask(upstream, vendor.address, idempotent=True)
            assert vendor.connections == 0

    async def test_a_host_that_speaks_no_tls_is_not_spoken_to(self, upstream: Upstream) -> None:
        async def script(conversation: Conversation) -> None:
            await conversation.reader.read(1)
            await conversation.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        async with socket_vendor(script) as vendor:
            with pytest.raises(UpstreamUnreachable, match="does not speak TLS"):
                await ask(upstream, vendor.address.replace("http://", "https://"))


class TestForms:
    """Oddities of HTTP."""

    @pytest.mark.parametrize(
        "raw",
        [
            b"HTTP/1.0 200 OK\r\n\r\n{}",
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
            b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: 1\r\n\r\n",
        ],
    )
    async def test_unusual_answers_are_read(self, upstream: Upstream, raw: bytes) -> None:
        response = await answered(upstream, closing(raw))
        assert (response.status, response.body) == (200, b"{}")

    async def test_an_answer_that_comes_byte_by_byte_is_read(self, upstream: Upstream) -> None:
        response = await answered(upstream, closing(*(bytes([byte]) for byte in OK)))
        assert response.body == b"{}"

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}",
            b"HTTP/1.1 99999 OK\r\n\r\n{}",
            b"HTTP/1.1 abc OK\r\n\r\n{}",
            b"HTTP/9.9.9 200 OK\r\n\r\n{}",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"<html>no headers</html>",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nA: " + b"x" * 9000 + b"\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n{}",
            b"HTTP/1.1 200 " + b"O" * 9000 + b"\r\n\r\n{}",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"\x00" * 100,
        ],
    )
    async def test_what_is_not_an_answer_is_broken(self, upstream: Upstream, raw: bytes) -> None:
        with pytest.raises(UpstreamBroken, match="connection ended before the answer did") as failure:
            await answered(upstream, closing(raw))
        assert failure.value.may_have_arrived

    async def test_a_header_that_is_repeated_is_a_list(self, upstream: Upstream) -> None:
        raw = b"HTTP/1.1 200 OK\r\nLink: </a>\r\nX: 1\r\nlink: </b>\r\nContent-Length: 2\r\n\r\n{}"
        response = await answered(upstream, closing(raw))
        assert response.headers["link"] == "</a>, </b>"
        assert response.headers["x"] == "1"

    async def test_bytes_that_are_no_text_in_a_header_do_no_harm(self, upstream: Upstream) -> None:
        raw = b"HTTP/1.1 200 OK\r\nX: \xff\xfe\xc3\xa9\r\nContent-Length: 2\r\n\r\n{}"
        response = await answered(upstream, closing(raw))
        assert response.headers["x"] == "\xff\xfe\xc3\xa9"

    async def test_a_media_type_that_is_repeated_is_still_one(self, upstream: Upstream) -> None:
        raw = b"HTTP/1.1 200 OK\r\n" + b"Content-Type: application/json; charset=utf-8\r\n" * 2
        response = await answered(upstream, closing(raw + b"Content-Length: 2\r\n\r\n{}"))
        assert response.media_type == "application/json"

    async def test_bytes_beyond_the_answer_reach_no_other_request(self, upstream: Upstream) -> None:
        forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
        async with socket_vendor(answering(OK + forged)) as vendor:
            for _ in range(3):
                assert (await ask(upstream, vendor.address)).body == b"{}"
            assert vendor.connections == 3

    async def test_an_answer_that_comes_unasked_on_a_kept_connection_reaches_no_other_request(
        self, upstream: Upstream
    ) -> None:
        forge, forged = asyncio.Event(), asyncio.Event()

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(OK)
            if conversation.number == 1:
                await forge.wait()
                await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
                forged.set()
            await silent(conversation)

        async with socket_vendor(script) as vendor:
            assert (await ask(upstream, vendor.address)).body == b"{}"
            forge.set()
            await forged.wait()
            for _ in range(20):  # in which the client's side reads it
                await asyncio.sleep(0)
            assert (await ask(upstream, vendor.address)).body == b"{}"
            assert vendor.connections == 2

    async def test_a_request_that_would_hold_a_line_break_is_not_sent(self, upstream: Upstream) -> None:
        heard: list[bytes] = []

        async def script(conversation: Conversation) -> None:
            heard.append(await conversation.reader.read(1))

        async with socket_vendor(script) as vendor:
            request = httpx.Request(
                "GET", vendor.address, headers={"X-Note": "a\r\nX-Forged: b"}, extensions={"target": "/x"}
            )
            with pytest.raises(UpstreamUnsendable) as failure:
                await upstream.send(request)
        assert set(heard) <= {b""}
        assert not failure.value.may_have_arrived


class TestOwners:
    """A connection that carried one account's request carries no other account's."""

    THEIRS = Owner(uuid4(), uuid4())
    SIBLING = Owner(OURS.environment_id, uuid4())

    async def test_an_account_keeps_its_connection(self, upstream: Upstream) -> None:
        async with socket_vendor(answering(OK)) as vendor:
            for owner in (OURS, self.THEIRS, OURS, self.THEIRS):
                await ask(upstream, vendor.address, owner=owner)
            assert vendor.connections == 2

    @pytest.mark.parametrize("other", [THEIRS, SIBLING, None])
    async def test_a_kept_connection_is_never_used_for_another_account(
        self, upstream: Upstream, other: Owner | None
    ) -> None:
        async with socket_vendor(answering(OK)) as vendor:
            await ask(upstream, vendor.address, owner=OURS)
            await ask(upstream, vendor.address, owner=other)
            assert vendor.connections == 2

    async def test_a_request_in_nobodys_name_leaves_no_connection_for_the_next(self, upstream: Upstream) -> None:
        async with socket_vendor(answering(OK)) as vendor:
            for _ in range(3):
                await ask(upstream, vendor.address, owner=None)
            assert vendor.connections == 3

    async def test_a_surplus_answer_that_comes_after_the_next_request_never_reaches_another_account(
        self, upstream: Upstream
    ) -> None:
        """The vendor sends it only once another account's request has come: nothing unread gives it away before."""

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(OK)
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")

        async with socket_vendor(script) as vendor:
            await ask(upstream, vendor.address, owner=OURS)
            assert (await ask(upstream, vendor.address, owner=self.THEIRS)).body == b"{}"
            assert (await ask(upstream, vendor.address, owner=self.SIBLING)).body == b"{}"

    async def test_a_surplus_answer_that_lies_unread_in_the_socket_reaches_no_other_request_of_the_account(
        self, upstream: Upstream
    ) -> None:
        """It is in the socket, but the event loop was never free to read it before the connection is taken."""
        kept: list[socket.socket] = []

        def serve(listener: socket.socket) -> None:
            accepted, _ = listener.accept()
            kept.append(accepted)
            accepted.recv(65536)
            accepted.sendall(OK)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            for number in range(2):
                answering_it = asyncio.create_task(asyncio.to_thread(serve, listener))
                assert (await ask(upstream, address)).body == b"{}"
                await answering_it
                kept[number].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        for accepted in kept:
            accepted.close()


class TestSizes:
    """The limit of an answer's size holds before, while and after it is unpacked."""

    @pytest.mark.parametrize(
        ("digits", "failure"),
        [(15, UpstreamTooLarge), (23, UpstreamBroken)],  # the second one is no length to the parser of HTTP
    )
    async def test_a_length_above_the_limit_is_refused_before_anything_is_read(
        self, upstream: Upstream, digits: int, failure: type[Exception]
    ) -> None:
        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % (b"9" * digits))
            await silent(conversation)

        with pytest.raises(failure):
            await answered(upstream, script)

    async def test_a_length_just_above_the_limit_is_refused_at_once(
        self, upstream: Upstream, settings: Settings
    ) -> None:
        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2097153\r\n\r\n")
            await silent(conversation)

        with pytest.raises(UpstreamTooLarge):
            await answered(upstream, script)

    async def test_what_unpacks_to_nothing_is_bounded_too(self, settings: Settings) -> None:
        settings.UPSTREAM_MAX_BYTES = 2048
        empty = gzipped(b"")
        body = b"%x\r\n%s\r\n" % (len(empty), empty)

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", body * 200
            )
            await silent(conversation)

        async with Upstream() as upstream:
            with pytest.raises(UpstreamTooLarge):
                await answered(upstream, script)

    async def test_layers_of_compression_are_refused_however_they_are_written(self, upstream: Upstream) -> None:
        raw = b"HTTP/1.1 200 OK\r\n" + b"Content-Encoding: gzip\r\n" * 3 + b"Content-Length: 2\r\n\r\n{}"
        with pytest.raises(UpstreamUnreadable):
            await answered(upstream, closing(raw))


class TestSendingAgain:
    """What is sent a second time, and what never is."""

    async def test_a_connection_that_cannot_be_made_is_tried_again_where_twice_is_like_once(
        self, upstream: Upstream, unused_port: int
    ) -> None:
        asking = asyncio.create_task(ask(upstream, f"http://127.0.0.1:{unused_port}", idempotent=True))
        for _ in range(20):  # in which the first attempt is refused
            await asyncio.sleep(0)
        async with socket_vendor(answering(OK), port=unused_port):
            assert (await asking).body == b"{}"

    async def test_it_is_tried_only_so_often_and_within_the_total(self, settings: Settings, unused_port: int) -> None:
        settings.UPSTREAM_TOTAL_SECONDS = 0.01
        async with Upstream() as upstream:
            with pytest.raises(UpstreamUnreachable):
                await ask(upstream, f"http://127.0.0.1:{unused_port}", idempotent=True)

    async def test_a_vendor_that_took_the_request_and_closed_is_not_asked_again(self, upstream: Upstream) -> None:
        async with socket_vendor(closing()) as vendor:
            with pytest.raises(UpstreamBroken):
                await ask(upstream, vendor.address, idempotent=True)
            assert vendor.connections == 1

    @pytest.mark.parametrize(
        ("method", "idempotent", "times"),
        [("GET", True, 1), ("GET", False, 0), ("POST", True, 0), ("PUT", True, 0), ("DELETE", True, 0)],
    )
    async def test_on_a_kept_connection_that_is_over_only_a_get_is_sent_again(
        self, upstream: Upstream, method: str, idempotent: bool, times: int
    ) -> None:
        """The vendor reads the second request of each connection and closes: from here it looks like a stale one."""
        seen: list[int] = []

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            seen.append(conversation.number)
            await conversation.write(OK)
            await conversation.request()
            seen.append(conversation.number)

        async with socket_vendor(script) as vendor:
            await ask(upstream, vendor.address)
            if times:
                assert (await ask(upstream, vendor.address, method, idempotent=idempotent)).body == b"{}"
            else:
                with pytest.raises(UpstreamBroken):
                    await ask(upstream, vendor.address, method, idempotent=idempotent, content=b"x")
            assert seen == [1, 1, 2][: 2 + times]

    @pytest.mark.parametrize(("idempotent", "attempts"), [(True, 2), (False, 1)])
    async def test_a_get_on_a_kept_connection_that_broke_is_sent_again_by_our_own_retry_alone(
        self, idempotent: bool, attempts: int
    ) -> None:
        """aiohttp sends such a GET again by itself, unless told not to: then one attempt of ours would be two requests.

        The kept connections of the vendor break at every second request, whoever sends it.
        """
        seen: list[bytes] = []

        async def script(conversation: Conversation) -> None:
            seen.append(await conversation.request())
            await conversation.write(OK)
            seen.append(await conversation.request())

        transport = CountingTransport()
        async with Upstream(transport) as upstream, socket_vendor(script) as vendor:
            await ask(upstream, vendor.address)
            seen.clear()
            transport.attempts = 0
            with nullcontext() if idempotent else pytest.raises(UpstreamBroken):
                await ask(upstream, vendor.address, idempotent=idempotent)
        assert (transport.attempts, len(seen)) == (attempts, attempts)

    async def test_a_get_whose_answer_had_begun_is_not_sent_again(self, upstream: Upstream) -> None:
        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.write(OK)
            await conversation.request()
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")

        async with socket_vendor(script) as vendor:
            await ask(upstream, vendor.address)
            with pytest.raises(UpstreamBroken):
                await ask(upstream, vendor.address, idempotent=True)
            assert vendor.connections == 1


class TestPrivateNames:
    """The transport relies on three names that aiohttp does not promise; these tests say which of them is gone."""

    @pytest.mark.parametrize(("retries", "times"), [(True, 2), (False, 1)])
    async def test_retry_connection_says_whether_aiohttp_sends_a_get_again_by_itself(
        self, retries: bool, times: int
    ) -> None:
        seen: list[bytes] = []

        async def script(conversation: Conversation) -> None:
            seen.append(await conversation.request())
            await conversation.write(OK)
            seen.append(await conversation.request())

        async with aiohttp.ClientSession() as session, socket_vendor(script) as vendor:
            assert hasattr(session, "_retry_connection"), GONE.format("ClientSession._retry_connection")
            session._retry_connection = retries
            await (await session.get(vendor.address)).read()
            seen.clear()
            with nullcontext() if retries else pytest.raises(aiohttp.ServerDisconnectedError):
                await (await session.get(vendor.address)).read()
        assert len(seen) == times, GONE.format("ClientSession._retry_connection")

    async def test_the_transport_sets_it(self) -> None:
        transport = PooledTransport(connect_seconds=1, read_seconds=1, total_seconds=1)
        assert vars(transport._session)["_retry_connection"] is False
        await transport.aclose()

    async def test_get_is_what_the_pool_takes_a_kept_connection_with(self) -> None:
        asked: list[object] = []

        class Watched(aiohttp.TCPConnector):
            async def _get(self, key: Any, traces: Any) -> Any:
                asked.append(key)
                return await super()._get(key, traces)

        assert hasattr(aiohttp.TCPConnector, "_get"), GONE.format("BaseConnector._get")
        async with aiohttp.ClientSession(connector=Watched()) as session, socket_vendor(answering(OK)) as vendor:
            for _ in range(2):
                await (await session.get(vendor.address)).read()
            assert vendor.connections == 1
        assert len(asked) == 2, GONE.format("BaseConnector._get")

    async def test_request_is_what_a_session_sends_with(self) -> None:
        async with aiohttp.ClientSession() as session, socket_vendor(answering(OK)) as vendor:
            assert hasattr(session, "_request"), GONE.format("ClientSession._request")
            answer = await session._request("GET", URL(vendor.address), allow_redirects=False)
            assert await answer.read() == b"{}"


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS with a certificate for this machine that it made itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def unused_port() -> int:
    """A port of this machine at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
