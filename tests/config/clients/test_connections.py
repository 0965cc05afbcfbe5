"""What a client may hold up, over raw sockets: each wait for it ends, and no wait of its own for an answer does."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings

from config.clients.connections import ClientConnection
from mcpservers.replies import Receive, Scope, Send
from tests.serving import served

Dial = Callable[[], socket.socket]
LARGE = 32 * 1024 * 1024
ANSWERED = b"HTTP/1.1 200"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, then answer: with its size, late, for ever, or with more than any buffer holds."""
    size = 0
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"open", "more_body": True})
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        size += len(event["body"])
        if not event["more_body"] and scope["path"] != "/stream":
            break
    if scope["path"] == "/late":
        await asyncio.sleep(0.5)
    body = b"x" * LARGE if scope["path"] == "/large" else b"%d %d" % (size, len(scope["headers"]))
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def dial(settings: Settings) -> Iterator[Dial]:
    """Connects to a server whose clients may hold it up for moments only."""
    settings.HEAD_SECONDS = settings.BODY_SECONDS = settings.WRITE_SECONDS = 0.1
    opened: list[socket.socket] = []
    with served(application, http=ClientConnection, ws="none", timeout_keep_alive=1) as address:
        host, port = address.removeprefix("http://").split(":")

        def connect() -> socket.socket:
            opened.append(socket.create_connection((host, int(port)), timeout=20))
            return opened[-1]

        yield connect
        for each in opened:
            each.close()


def rest_of(connection: socket.socket) -> bytes:
    """Return what comes until the connection ends, however it does."""
    received = bytearray()
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return bytes(received)


def trickle(connection: socket.socket, piece: bytes) -> bytes:
    """Send a piece over and over, until the server has had enough; return what it said."""
    connection.settimeout(0.02)
    for _ in range(1000):
        try:
            connection.sendall(piece)
            if (said := connection.recv(65536)) == b"":
                return b""
            connection.settimeout(20)
            return said + rest_of(connection)
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return b""
    raise AssertionError("the server let it go on")


def ended(reason: str) -> float:
    return REGISTRY.get_sample_value("patchbay_connections_ended_total", {"reason": reason}) or 0


def test_a_socket_that_never_says_anything_is_closed(dial: Dial) -> None:
    before = ended("silent")
    assert rest_of(dial()) == b""
    assert ended("silent") == before + 1


@pytest.mark.parametrize("sent", [b"G", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: b", b"POST / HTTP/1.1\r\n"])
def test_a_head_that_stays_half_is_told_so_and_closed(dial: Dial, sent: bytes) -> None:
    connection = dial()
    connection.sendall(sent)
    assert rest_of(connection).startswith(b"HTTP/1.1 408 Request Timeout\r\nconnection: close")


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: ", b"b"),
        (b"", b"\r\n"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n", b"x"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n"),
    ],
    ids=["headers", "one header", "blank lines", "body", "chunks", "trailer", "blank lines after a request"],
)
def test_what_trickles_ends_too(dial: Dial, begun: bytes, piece: bytes) -> None:
    connection = dial()
    connection.sendall(begun)
    trickle(connection, piece)


@pytest.mark.parametrize("sent", [b"Content-Length: 9\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"])
def test_a_body_that_stays_half_is_told_so_and_closed(dial: Dial, sent: bytes) -> None:
    connection = dial()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + sent)
    assert rest_of(connection).startswith(b"HTTP/1.1 408")


def test_a_half_body_ends_a_stream_that_does_not_wait_for_it(dial: Dial) -> None:
    connection = dial()
    connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    assert rest_of(connection).count(b"HTTP/1.1") == 1


def test_an_upload_that_goes_on_is_not_cut(dial: Dial, settings: Settings) -> None:
    settings.BODY_SECONDS = 0.5
    connection = dial()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (40 * 16 * 1024 + 1))
    connection.settimeout(0.02)
    for _ in range(40):
        connection.sendall(b"x" * 16 * 1024)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    connection.sendall(b"x")
    connection.settimeout(20)
    assert connection.recv(65536).startswith(ANSWERED)


def test_an_answer_that_takes_long_is_waited_for(dial: Dial) -> None:
    connection = dial()
    connection.sendall(b"GET /late HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert rest_of(connection).startswith(ANSWERED)


def test_a_stream_on_which_nothing_moves_stays_open(dial: Dial) -> None:
    connection = dial()
    connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"open" in connection.recv(65536)
    connection.settimeout(0.5)  # five times as long as anything else may last
    with pytest.raises(TimeoutError):
        connection.recv(65536)


def test_an_answer_that_is_not_taken_ends_the_connection(dial: Dial) -> None:
    before = ended("answer not taken")
    connection = dial()
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    probe = dial()  # each look at the figure is one more connection that the server lets go in between
    while ended("answer not taken") == before:
        rest_of(probe)
        probe = dial()
    assert len(rest_of(connection)) < LARGE


def test_an_answer_that_is_taken_slowly_is_sent_whole(dial: Dial, settings: Settings) -> None:
    settings.WRITE_SECONDS = 0.5
    connection = dial()
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    received, pause = 0, threading.Event()
    while received < LARGE // 8:
        received += len(connection.recv(64 * 1024))
        pause.wait(0.01)
    assert received + len(rest_of(connection)) > LARGE


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 120_000,
        b"GET /" + b"x" * 120_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"x" * 400_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=" + b"x" * 400_000,
    ],
    ids=["headers", "one header", "address", "trailer", "chunk extension"],
)
def test_a_head_or_a_trailer_without_end_is_refused(dial: Dial, sent: bytes) -> None:
    connection = dial()
    for start in range(0, len(sent), 16_384):
        try:
            connection.sendall(sent[start : start + 16_384])
        except (BrokenPipeError, ConnectionResetError):
            break
    assert rest_of(connection)[:12] in {b"HTTP/1.1 431", b""}  # a reset may overtake the words


def test_a_trailer_adds_no_header_to_the_request(dial: Dial) -> None:
    connection = dial()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    connection.sendall(b"1\r\nx\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    assert rest_of(connection).endswith(b"\r\n\r\n1 3")


def test_a_connection_serves_request_after_request(dial: Dial) -> None:
    connection = dial()
    for _ in range(5):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        assert connection.recv(65536).startswith(ANSWERED)
        connection.settimeout(0.15)  # longer than a head may take: between requests another time counts
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(20)


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
def test_an_upgrade_is_not_made_and_the_connection_ends_with_the_answer(dial: Dial, upgrade: bytes) -> None:
    connection = dial()
    connection.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = rest_of(connection)
    assert answer.startswith(ANSWERED)
    assert b"connection: close" in answer


def test_beyond_the_most_connections_requests_are_told_so_and_probes_are_answered(
    dial: Dial, settings: Settings
) -> None:
    settings.MAX_CONNECTIONS = 2
    settings.HEAD_SECONDS = 20
    held = [dial() for _ in range(2)]
    for each in held:
        each.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    for each in held:  # a head that is read only once there are more connections would be refused itself
        assert each.recv(65536).startswith(ANSWERED)
    refused, probe = dial(), dial()
    refused.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert rest_of(refused).startswith(b"HTTP/1.1 503")
    probe.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert rest_of(probe).startswith(ANSWERED)


def test_far_beyond_the_most_connections_they_are_closed_at_once(dial: Dial, settings: Settings) -> None:
    settings.MAX_CONNECTIONS = 2
    settings.HEAD_SECONDS = 20
    held = [dial() for _ in range(66)]
    assert rest_of(dial()) == b""
    held[0].sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert rest_of(held[0]).startswith(ANSWERED)
