"""Heads of requests that no client library sends, over a raw socket to the product: refused, and never a failure."""

import re
import socket
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.hostile]

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
STATUS: re.Pattern[bytes] = re.compile(rb"HTTP/1\.1 (\d{3})")


@pytest.fixture(autouse=True, scope="module")
def _pages_are_loaded(stack: Stack) -> None:
    """The first request for a page loads all of them, which may take longer than `said` waits for an answer."""
    httpx.get(f"http://127.0.0.1:{stack.port}/no-such-page", timeout=60)


def said(stack: Stack, sent: bytes) -> bytes:
    """Send bytes; return what comes until the connection ends. Where the server waits for more, nothing more comes."""
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as connection, suppress(OSError):
        connection.sendall(sent)
        connection.settimeout(0.5)
        while True:
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                connection.settimeout(20)
                connection.shutdown(socket.SHUT_WR)
                continue
            if not piece:
                break
            answer += piece
    return bytes(answer)


def asked(stack: Stack, *headers: bytes, target: bytes = b"/livez", method: bytes = b"GET", body: bytes = b"") -> bytes:
    """Return the answer to a request with these headers besides Host and Connection."""
    usual = (b"Host: 127.0.0.1:%d" % stack.port, b"Connection: close")
    head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, target), *usual, *headers])
    return said(stack, head + b"\r\n\r\n" + body)


def status(answer: bytes) -> int:
    found = STATUS.match(answer)
    assert found is not None, answer
    return int(found[1])


@pytest.fixture
def path(demo: dict[str, Any]) -> bytes:
    """The path of a live MCP server."""
    url: str = demo["mcp_url"]
    return b"/mcp/" + url.rpartition("/")[2].encode()


@pytest.mark.parametrize("target", [b"/accounts", b"/api/schema", b"/activity/stream", b"/mcp/nothing", b"/admin/"])
@pytest.mark.parametrize(
    "twice",
    [
        b"Host: 127.0.0.1",
        b"Authorization: Bearer x",
        b"Origin: http://127.0.0.1",
        b"Content-Type: application/json",
        b"Mcp-Method: ping",
        b"MCP-Protocol-Version: 2025-11-25",
        b"Last-Event-ID: 1",
    ],
)
def test_a_header_that_may_stand_once_is_refused_twice(stack: Stack, target: bytes, twice: bytes) -> None:
    assert status(asked(stack, twice, twice.upper(), target=target)) == 400


@pytest.mark.parametrize("target", [b"/", b"/no-such-page", b"/integrated-account", b"/mcp/nothing"])
@pytest.mark.parametrize(
    "field",
    [
        b'Content-Type: a/b; a="' + b";" * 8000,
        b"Content-Type: a/b" + b'; a="\\""' * 4000,
        b"Accept: a/b" + b"; q=1" * 8000,
        b"X-Own: " + b"x" * 20_000,
    ],
    ids=["quoted", "escapes", "accept", "any other"],
)
def test_a_field_that_is_longer_than_any_is_refused_before_anybody_reads_it(
    stack: Stack, target: bytes, field: bytes
) -> None:
    assert status(asked(stack, field, target=target)) == 431


def test_an_mcp_header_that_is_repeated_is_refused_with_words(stack: Stack, path: bytes) -> None:
    sent = (b"Content-Type: application/json", b"Content-Length: %d" % len(PING))
    assert status(asked(stack, *sent, target=path, method=b"POST", body=PING)) == 200
    answer = asked(stack, *sent, b"Mcp-Name: a", b"mcp-name: b", target=path, method=b"POST", body=PING)
    assert status(answer) == 400
    assert b"mcp-name was sent more than once" in answer


@pytest.mark.parametrize(
    "framing",
    [
        [b"Content-Length: 40", b"Content-Length: 40"],
        [b"Content-Length: 40", b"Content-Length: 41"],
        [b"Content-Length: 40", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Content-Length: 40"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: identity"],
        [b"Content-Length: +40"],
        [b"Content-Length: 0x28"],
        [b"Content-Length: -1"],
        [b"Content-Length : 40"],
    ],
)
def test_a_body_whose_end_could_be_read_in_two_ways_is_refused(stack: Stack, path: bytes, framing: list[bytes]) -> None:
    answer = asked(stack, b"Content-Type: application/json", *framing, target=path, method=b"POST", body=PING)
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("origin", [b"http://[", b"http://[::1", b"//", b"http://127.0.0.1:99999", b"\xff\xfe", b"["])
@pytest.mark.parametrize("name", [b"Origin", b"Referer", b"X-Forwarded-Host", b"X-Forwarded-Proto", b"X-Forwarded-For"])
@pytest.mark.parametrize("target", [b"/activity/stream", b"/accounts", b"/sign-in", b"/integrated-account"])
def test_what_is_no_address_in_a_header_is_no_failure(stack: Stack, target: bytes, name: bytes, origin: bytes) -> None:
    assert status(asked(stack, b"%s: %s" % (name, origin), target=target)) < 500
    assert status(asked(stack, b"%s: %s" % (name, origin), b"Content-Length: 0", target=target, method=b"POST")) < 500


def test_an_mcp_request_of_an_origin_that_is_none_is_forbidden(stack: Stack, path: bytes) -> None:
    for origin in (b"http://[", b"https://127.0.0.1:%d" % stack.port, b"http://127.0.0.1"):
        sent = (b"Content-Length: %d" % len(PING), b"Origin: " + origin)
        assert status(asked(stack, *sent, target=path, method=b"POST", body=PING)) == 403


@pytest.mark.parametrize(
    "target",
    [
        b"http://elsewhere.example/accounts",
        b"https://127.0.0.1@elsewhere.example/",
        b"/a\x01b",
        b"/a%00b",
        b"/a%0d%0aX: y",
        b"/a%7f",
        b"/caf\xc3\xa9",
        b"/x?q=\xff",
        b"/x?q=a\x01",
        b"*",
        b"accounts",
        b"elsewhere.example:443",
        b"http://",
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"CONNECT"])
def test_a_target_that_is_none_of_ours_is_refused(stack: Stack, method: bytes, target: bytes) -> None:
    assert 400 <= status(asked(stack, target=target, method=method)) < 500


def test_a_target_may_name_us_in_full(stack: Stack) -> None:
    assert status(asked(stack, target=b"http://127.0.0.1:%d/livez" % stack.port)) == 200
    assert status(asked(stack, target=b"http://127.0.0.1:%d/sign-in" % stack.port)) == 200


def test_a_request_without_host_is_refused(stack: Stack) -> None:
    assert status(said(stack, b"GET /sign-in HTTP/1.1\r\nConnection: close\r\n\r\n")) == 400


def test_a_head_that_is_too_large_is_refused_whole_or_half(stack: Stack) -> None:
    many = [b"X-%d: %s" % (number, b"y" * 1000) for number in range(70)]
    assert status(asked(stack, *many, target=b"/sign-in")) == 431
    assert said(stack, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"y" * 400_000)[:12] in {b"HTTP/1.1 431", b""}
    assert status(asked(stack, *many[:50], target=b"/sign-in")) == 200


NAMES = st.sampled_from(
    [
        b"Host", b"Origin", b"Referer", b"Authorization", b"Content-Length", b"Content-Type", b"Transfer-Encoding",
        b"Cookie", b"Accept", b"Accept-Encoding", b"Mcp-Method", b"Mcp-Name", b"MCP-Protocol-Version", b"Last-Event-ID",
        b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host", b"Forwarded", b"X-Request-ID", b"Expect",
        b"Upgrade", b"Connection", b"If-Modified-Since", b"If-None-Match", b"Range", b"Content_Length", b"X\xe9", b"",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [
            b"", b"http://[", b"[", b"127.0.0.1", b"localhost", b"https", b"chunked", b"close", b"keep-alive", b"-1",
            b"99999999999999999999", b"application/json", b"text/event-stream", b"multipart/form-data",
            b"multipart/form-data; boundary=\xff", b"application/x-www-form-urlencoded; charset=utf-99",
            b"Bearer \xff", b"Basic x", b"sessionid=\xff; csrftoken=a", b"=?base64?!?=", b"100-continue", b"websocket",
            b"bytes=0-", b"gzip;q=x", b"a" * 5000, b"\xff\xfe", b"\xc3\xa9", b"1, 2", b"for=\"[::1\"",
        ]
    ),
    st.binary(max_size=40),
)  # fmt: skip
TARGETS = st.one_of(
    st.sampled_from(
        [
            b"/", b"/sign-in", b"/accounts", b"/integrated-account", b"/activity/stream?environment=x", b"/mcp/x",
            b"/mcp/", b"/mcp/x/sse", b"/mcp/x/messages?session=%ff", b"/admin/", b"/api/schema", b"/static/..%2f..",
            b"/readyz", b"/metrics", b"//", b"///x", b"http://127.0.0.1/", b"/%ff%fe", b"/%", b"/?%", b"/x;y",
            b"/..", b"*",
        ]
    ),
    st.binary(min_size=1, max_size=30).map(lambda rest: b"/" + rest),
)  # fmt: skip
METHODS = st.sampled_from(
    [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"CONNECT", b"TRACE", b"X"]
)
HEADS = st.tuples(
    METHODS, TARGETS, st.lists(st.tuples(NAMES, VALUES), max_size=6), st.booleans(), st.binary(max_size=60)
)


@given(HEADS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_head_is_a_failure(stack: Stack, head: tuple[bytes, bytes, list[tuple[bytes, bytes]], bool, bytes]) -> None:
    method, target, headers, with_host, body = head
    printed = len(stack.output)
    lines = [b"%s %s HTTP/1.1" % (method, target), b"Connection: close", *(b"%s: %s" % header for header in headers)]
    if with_host:
        lines.append(b"Host: 127.0.0.1:%d" % stack.port)
    answer = said(stack, b"\r\n".join(lines) + b"\r\n\r\n" + body)
    assert all(int(code) < 500 or code == b"501" for code in STATUS.findall(answer)), answer
    assert not [line for line in stack.output[printed:] if "Traceback" in line or "ERROR" in line]
