"""One request to a vendor: within limits of time, size and memory, never retried, never led elsewhere."""

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.bounded_json import loads
from accounts.errors import (
    NotJSON,
    TooDeep,
    UpstreamBroken,
    UpstreamFailure,
    UpstreamTimeout,
    UpstreamTooLarge,
    UpstreamUnreachable,
    UpstreamUnreadable,
)
from accounts.models import IntegratedAccount
from accounts.vendors.connection import connect
from accounts.vendors.decompression import PIECE_BYTES, decompressed
from accounts.vendors.routes import approve
from accounts.vendors.secret_routes import routes_of_account
from accounts.vendors.upstream import Upstream, UpstreamResponse, close_shared_upstream, shared_upstream
from tests.vendors.scripted import ScriptedVendor, gzipped

MEBIBYTE = 1024 * 1024
KEY = {"X-FuseDesk-API-Key": "fd-demo-key"}


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as opened:
        yield opened


async def ask(
    upstream: Upstream, address: str, target: str = "/api/v1/cases", method: str = "GET", **headers: str
) -> UpstreamResponse:
    request = httpx.Request(method, address, headers={**KEY, **headers}, extensions={"target": target})
    return await upstream.send(request)


async def answered(status: int = 200, content: bytes = b"{}", **headers: str) -> UpstreamResponse:
    """Send a request to a transport that answers like this."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=named, stream=httpx.ByteStream(content)))
    async with Upstream(transport) as upstream:
        return await ask(upstream, "https://vendor.example")


def test_the_header_names_of_an_answer_are_in_lower_case() -> None:
    response = UpstreamResponse(200, {"content-type": "Application/JSON; charset=utf-8"}, b"")
    assert response.media_type == "application/json"


async def test_a_redirect_is_not_followed(upstream: Upstream, simulator: str, vendor: httpx.Client) -> None:
    vendor.post("/_control", json={"response": "redirect"})
    response = await ask(upstream, simulator)
    assert (response.status, response.headers["location"]) == (302, "https://elsewhere.example.net/api/")
    assert vendor.get("/_control").json()["requests"] == 1


async def test_no_cookie_is_kept(upstream: Upstream, simulator: str, vendor: httpx.Client) -> None:
    vendor.post("/_control", json={"force_headers": {"Set-Cookie": "session=1; Path=/"}})
    assert "set-cookie" in (await ask(upstream, simulator)).headers
    await ask(upstream, simulator)
    assert [("cookie" in each["headers"]) for each in vendor.get("/_control").json()["last_requests"]] == [
        False,
        False,
    ]


@pytest.mark.parametrize("kind", ["oversized", "gzip_bomb"])
async def test_an_answer_above_the_limit_is_refused(
    upstream: Upstream, simulator: str, vendor: httpx.Client, kind: str
) -> None:
    vendor.post("/_control", json={"response": kind})
    with pytest.raises(UpstreamTooLarge, match="larger than 2097152 bytes"):
        await ask(upstream, simulator)


async def test_an_answer_of_exactly_the_limit_is_taken(settings: Settings) -> None:
    settings.UPSTREAM_MAX_BYTES = 2048
    assert len((await answered(content=b" " * 2048)).body) == 2048
    with pytest.raises(UpstreamTooLarge):
        await answered(content=b" " * 2049)
    with pytest.raises(UpstreamTooLarge):
        await answered(content=gzipped(b" " * 2049), content_encoding="gzip")


async def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    bomb = gzipped(b" " * (100 * MEBIBYTE))
    tracemalloc.start()
    try:
        with pytest.raises(UpstreamTooLarge):
            await answered(content=bomb, content_encoding="gzip")
        assert tracemalloc.get_traced_memory()[1] < 8 * MEBIBYTE
    finally:
        tracemalloc.stop()


async def test_a_bomb_inside_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(UpstreamUnreadable, match="compression"):
        await answered(content=gzipped(gzipped(b"{}")), content_encoding="gzip, gzip")


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzipped(b'{"a":1}')),
        ("X-GZip", gzipped(b'{"a":1}')),
        ("deflate", zlib.compress(b'{"a":1}')),
        ("deflate", zlib.compress(b'{"a":1}')[2:-4]),
        ("identity", b'{"a":1}'),
    ],
)
async def test_what_was_asked_for_is_decompressed(encoding: str, content: bytes) -> None:
    assert (await answered(content=content, content_encoding=encoding)).body == b'{"a":1}'


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", b'{"a":1}'),
        ("gzip", gzipped(b'{"a":1}')[:-9]),
        ("gzip", gzipped(b'{"a":1}')[:-8] + b"\x00" * 8),  # another checksum
        ("deflate", b"\x00\xff\xff"),
        ("br", b'{"a":1}'),
        ("zstd", b'{"a":1}'),
        ("nonsense", b"{}"),
    ],
)
async def test_compression_that_cannot_be_read_is_told(encoding: str, content: bytes) -> None:
    with pytest.raises(UpstreamUnreadable, match="compression cannot be read"):
        await answered(content=content, content_encoding=encoding)


@pytest.mark.parametrize("status", [204, 304])
async def test_an_empty_answer_is_empty_whatever_encoding_it_names(status: int) -> None:
    assert (await answered(status, b"", content_encoding="gzip")).body == b""


@given(st.binary(max_size=400_000), st.integers(1, 70_000), st.sampled_from([31, 15, -15]))
def test_decompression_gives_back_the_whole_in_bounded_pieces(content: bytes, size: int, wbits: int) -> None:
    press = zlib.compressobj(wbits=wbits)
    packed = press.compress(content) + press.flush()

    async def read() -> list[bytes]:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(packed), max(size, 2)):
                yield packed[start : start + max(size, 2)]

        return [piece async for piece in decompressed(chunks(), "gzip" if wbits == 31 else "deflate")]

    pieces = asyncio.run(read())
    assert b"".join(pieces) == content
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)


async def test_an_answer_that_only_drips_ends_at_the_total_time(
    simulator: str, vendor: httpx.Client, settings: Settings
) -> None:
    settings.UPSTREAM_TOTAL_SECONDS = 0.2
    vendor.post("/_control", json={"drip_bytes_per_second": 100})
    async with Upstream() as upstream:
        with pytest.raises(UpstreamTimeout, match=r"within 0\.2 s") as failure:
            await ask(upstream, simulator)
    assert failure.value.may_have_arrived


async def test_a_silent_vendor_ends_at_the_total_time(simulator: str, vendor: httpx.Client, settings: Settings) -> None:
    settings.UPSTREAM_TOTAL_SECONDS = 0.2
    vendor.post("/_control", json={"latency_ms": 60_000})
    async with Upstream() as upstream:
        with pytest.raises(UpstreamTimeout):
            await ask(upstream, simulator)


async def test_nothing_listening_means_that_nothing_was_sent(upstream: Upstream) -> None:
    with pytest.raises(UpstreamUnreachable, match="no connection could be made") as failure:
        await ask(upstream, "http://127.0.0.1:9")
    assert not failure.value.may_have_arrived


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "http://"])
async def test_an_address_that_is_none_means_that_nothing_was_sent(upstream: Upstream, address: str) -> None:
    with pytest.raises(UpstreamFailure) as failure:
        await ask(upstream, address)
    assert not failure.value.may_have_arrived


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_kept_connection_that_breaks_is_not_asked_a_second_time(
    upstream: Upstream, simulator: str, vendor: httpx.Client, method: str
) -> None:
    await ask(upstream, simulator)
    vendor.post("/_control", json={"drop_connection": True})
    with pytest.raises(UpstreamBroken, match="connection ended") as failure:
        await ask(upstream, simulator, method=method)
    assert failure.value.may_have_arrived
    assert vendor.get("/_control").json()["requests"] == 2


async def test_an_answer_cut_short_is_broken(upstream: Upstream, simulator: str, vendor: httpx.Client) -> None:
    vendor.post("/_control", json={"response": "truncated"})
    with pytest.raises(UpstreamBroken, match="ended before the answer did"):
        await ask(upstream, simulator)


async def test_a_query_arrives_as_it_was_quoted(upstream: Upstream, scripted: ScriptedVendor) -> None:
    query = "a=%20&b=%2B&c=%25&d=%26&e=%C3%A9%F0%9F%98%80&f=%22%27&g=a%2Fb&h=%5B%7B%7D%5D&i=~-._"
    await ask(upstream, scripted.address, f"/x%20y/%2e?{query}")
    assert (scripted.last.path, scripted.last.query) == ("/x%20y/%2e", query)


async def test_only_what_is_meant_stands_in_the_headers(
    upstream: Upstream, scripted: ScriptedVendor, account: IntegratedAccount
) -> None:
    account.base_url = scripted.address
    approve(account, routes_of_account(account, account.integration.parsed()))
    connection = connect(account, account.integration.parsed())
    forged = {"X-FuseDesk-API-Key": "mine", "Content-Type": "application/json"}
    await upstream.send(connection.request("POST", "/x", headers=forged, content=b"{}"))
    assert scripted.last.header("x-fusedesk-api-key") == ["fd-demo-key"]
    assert scripted.last.header("accept-encoding") == ["gzip, deflate"]
    assert {name for name, _ in scripted.last.headers} == {
        "host", "accept", "accept-encoding", "user-agent", "content-type", "content-length", "x-fusedesk-api-key",
    }  # fmt: skip


async def test_a_connection_shows_no_credential(account: IntegratedAccount) -> None:
    connection = connect(account, account.integration.parsed())
    assert "fd-demo-key" not in repr(connection) + repr(connection.request("GET", "/x")) + repr(
        connection.authentication
    )


async def test_a_large_body_of_an_answer_does_not_spoil_the_next_request(
    upstream: Upstream, simulator: str, vendor: httpx.Client
) -> None:
    vendor.post("/_control", json={"response": "oversized"})
    with pytest.raises(UpstreamTooLarge):
        await ask(upstream, simulator)
    vendor.post("/_control/reset")
    assert (await ask(upstream, simulator, "/api/v1/session/permissions")).status == 200


async def test_a_pool_belongs_to_its_event_loop() -> None:
    assert shared_upstream() is shared_upstream()
    before = shared_upstream()
    await close_shared_upstream()
    assert shared_upstream() is not before
    await close_shared_upstream()


class TestBoundedJson:
    """JSON that somebody else wrote."""

    @pytest.mark.parametrize("depth", [1, 63, 64])
    def test_nesting_up_to_the_limit_is_read(self, depth: int) -> None:
        assert loads(b"[" * depth + b"]" * depth) is not None
        assert loads(b'{"a":' * depth + b"1" + b"}" * depth) is not None

    @pytest.mark.parametrize("depth", [65, 66, 1000, 100_000])
    def test_deeper_nesting_is_refused(self, depth: int) -> None:
        for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
            with pytest.raises(TooDeep, match="deeper than 64"):
                loads(text)

    @pytest.mark.parametrize(
        "text", [b"", b"{", b"\xff", b"NaN", b"[Infinity]", b"1e999", b'"\\ud800"', b"{'a':1}", b"[1,]"]
    )
    def test_what_is_not_json_is_refused(self, text: bytes) -> None:
        with pytest.raises(NotJSON):
            loads(text)

    def test_a_number_beyond_64_bits_keeps_its_digits(self) -> None:
        assert loads(b"123456789012345678901234567890") == "123456789012345678901234567890"
        assert loads(b"[18446744073709551615, -9223372036854775808]") == [2**64 - 1, -(2**63)]
