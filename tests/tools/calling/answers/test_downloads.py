"""The redirect of a download: followed once, with nothing of the account, and only to where anybody may go."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from tests.mcp_client import McpClient
from tests.vendors.application import serving
from tests.vendors.scripted import ScriptedVendor
from tools.models import Call
from tools.record.recorder import recorder

DOWNLOAD, RAW = "archive_papers_download", "archive_papers_raw"
ID = {"id": "7"}


@pytest.fixture
def files() -> Iterator[ScriptedVendor]:
    """A host for files, which is not the vendor's own."""
    with serving(ScriptedVendor()) as host:
        host.headers, host.body = {"content-type": "text/csv", "set-cookie": "a=b"}, b"a;b"
        yield host


def moved(scripted: ScriptedVendor, location: str, status: int = 302) -> None:
    scripted.status, scripted.body, scripted.headers = status, b"", {"location": location, "set-cookie": "sid=1"}


async def test_it_is_followed_once_without_anything_of_the_account(
    archive: McpClient, scripted: ScriptedVendor, files: ScriptedVendor
) -> None:
    for status in (301, 302, 303, 307, 308):
        moved(scripted, f"{files.address}/x/a.csv?X-Signature=s%2F1&e=2", status)
        _, file = (await archive.call(DOWNLOAD, ID))["content"]
        assert file["resource"]["text"] == "a;b"
    request = files.last
    assert (request.method, request.path, request.query) == ("GET", "/x/a.csv", "X-Signature=s%2F1&e=2")
    assert {name.lower() for name, _ in request.headers} == {"host", "accept", "accept-encoding", "user-agent"}
    assert "archive-secret" not in str(request)
    assert len(files.received) == len(scripted.received) == 5
    await sync_to_async(recorder.flush)()
    call = await Call.objects.order_by("-pk").afirst()
    assert call is not None
    assert (call.outcome, call.upstream_status, call.upstream_bytes) == ("ok", 200, 3)


async def test_a_second_redirect_and_a_refusal_there_are_told(
    archive: McpClient, scripted: ScriptedVendor, files: ScriptedVendor
) -> None:
    moved(scripted, f"{files.address}/a")
    for status in (302, 403, 404, 500):
        files.status, files.headers = status, {"location": f"{files.address}/b"}
        words = await archive.failure(DOWNLOAD, ID)
        assert f"which was followed, to an answer with HTTP {status}. It leads to {files.address}/a." in words
        assert "credentials" not in words
    assert len(files.received) == 4


async def test_other_addresses_are_told_and_not_called(
    archive: McpClient, scripted: ScriptedVendor, files: ScriptedVendor, settings: Settings
) -> None:
    vendor = scripted.address.removeprefix("http://")
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({vendor})
    host = files.address.removeprefix("http://")
    refused: list[tuple[str, str]] = [
        (f"http://{host}/a", "its address is not https"),
        (f"https://{host}/a", "is not a public address"),
        ("https://169.254.169.254/latest", "is not a public address"),
        ("https://2130706433/", "is not a public address"),
        ("https://[::1]/", "is not a public address"),
        ("ftp://files.example/a", "its address is not https"),
        ("https://user:pass@files.example/a", "its address is malformed"),
        ("https://files.example/a b", "its address is malformed"),
        ("https://[", "its address is malformed"),
        ("", "it names no address"),
        ("https://files.example/a?key=archive-secret", "its address repeats the account's credentials"),
    ]
    for location, why in refused:
        moved(scripted, location)
        words = await archive.failure(DOWNLOAD, ID)
        assert why in words, location
        assert "archive-secret" not in words
        assert "user:pass" not in words
    assert files.received == []


async def test_what_is_excepted_for_another_integration_is_not_for_a_redirect(
    archive: McpClient, scripted: ScriptedVendor, files: ScriptedVendor, settings: Settings
) -> None:
    vendor, port = scripted.address.removeprefix("http://"), files.address.rpartition(":")[2]
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({vendor, f"127.0.0.1:{port}", f"localhost:{port}", "localhost"})
    for location, why in (
        (f"http://127.0.0.1:{port}/a", "its address is not https"),
        (f"https://127.0.0.1:{port}/a", "is not a public address"),
        (f"http://localhost:{port}/a", "its address is not https"),
        (f"https://localhost:{port}/a", "leads to an address that is not public"),
    ):
        moved(scripted, location)
        assert why in await archive.failure(DOWNLOAD, ID), location
    assert files.received == []


async def test_the_redirect_of_anything_else_is_told_with_its_address_and_never_followed(
    archive: McpClient, scripted: ScriptedVendor, files: ScriptedVendor
) -> None:
    moved(scripted, f"{files.address}/elsewhere?key=archive-secret")
    words = await archive.failure(RAW, ID)
    leads = f"It leads to {files.address}/elsewhere"
    assert f"answered with a redirect (HTTP 302), which is never followed. {leads}" in words
    assert "archive-secret" not in words
    moved(scripted, "/papers/8")
    assert "It leads to /papers/8." in await archive.failure(RAW, ID)
    assert files.received == []


async def test_a_file_there_is_masked_and_bounded_too(
    archive: McpClient, scripted: ScriptedVendor, files: ScriptedVendor, settings: Settings
) -> None:
    moved(scripted, f"{files.address}/a")
    files.body = b"key archive-secret"
    shown: Any = await archive.call(DOWNLOAD, ID)
    assert "archive-secret" not in str(shown)
    settings.RESULT_BINARY_BYTES = 2000
    files.body = b"x" * 2001
    assert "a file of 2,001 bytes" in await archive.failure(DOWNLOAD, ID)
