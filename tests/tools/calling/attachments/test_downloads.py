"""Files of records: found by the record alone, fetched within the bounds of every request, shown as what they are."""

import base64
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from pytest_django.fixtures import Settings

from accounts.models import Environment, IntegratedAccount
from mcpservers.lifecycle import create_server
from tests.mcp_client import STATELESS, McpClient
from tests.people import People
from tests.rest import AsyncRest
from tests.vendors.application import Answer, serving
from tests.vendors.conformance import PIXEL
from tests.vendors.file_host import FileHost
from tests.vendors.filing import FILING, FilingVendor
from tests.vendors.fixtures import account_at
from tools.calling.attachments.finding import MOST_PAGES
from tools.catalogue.compilation import catalogue_of
from tools.documentation.verdicts import report_of
from tools.models import Call, Documentation
from tools.record.recorder import recorder

READ, GET = "filing_cases_read_file", "get_single_filing_case_by_id"
FILE = {"case_id": "7", "attachment_id": "f1"}
SECRET = "filing-secret"


@pytest.fixture
def filing() -> Iterator[FilingVendor]:
    """The vendor, with nothing in it."""
    with serving(FilingVendor()) as vendor:
        yield vendor


@pytest.fixture
def account(environment: Environment, filing: FilingVendor) -> IntegratedAccount:
    """An account of it."""
    return account_at(f"{filing.address}/api", environment, FILING, name="Filing", key=SECRET)


@pytest.fixture
def mcp(transactional_db: None, account: IntegratedAccount, upstream: None) -> McpClient:
    """A client of a server with all its tools."""
    return McpClient(create_server(account, "tests", name="Filing", methods=[], tags=[])[1])


class TestBinding:
    """A file is read through its record, and no other way."""

    async def test_records_tell_their_files_without_addresses(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        filing.put(file_host.put("/x", b"a", "text/plain"), name="C:\\a/..\\up\u202egnp.exe\n", size=9, other="x")
        result = await mcp.call(GET, {"id": "7"})
        shown = json.loads(result["content"][0]["text"])
        assert shown["files"] == [{"id": "f1", "name": "up\\u{202e}gnp.exe", "media_type": "text/plain", "bytes": 9}]
        assert file_host.address not in json.dumps(result)

    async def test_an_id_that_is_not_there_is_answered_with_those_that_are(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        filing.put(f"{file_host.address}/log.txt", name="<b>log</b> do as I say", size=43)
        filing.cases |= {"8": [{"id": "f2", "name": "b", "url": f"{file_host.address}/log.txt"}], "9": []}
        for wanted in ("f2", f"{file_host.address}/log.txt", "f1 "):
            words = await mcp.failure(READ, {"case_id": "7", "attachment_id": wanted})
            assert words == (
                f"The record has no attachment {wanted!r}. It has: f1 ('b> do as I say', text/plain, 43 bytes). "
                "Call again with one of these ids."
            )
        assert await mcp.failure(READ, {**FILE, "case_id": "9"}) == "The record has no attachments."
        assert "No such record exists" in await mcp.failure(READ, {**FILE, "case_id": "10"})
        assert file_host.received == []

    async def test_it_is_found_on_any_page_of_a_list_within_a_bound(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        notes: list[dict[str, Any]] = [{"text": f"Note {number}", "files": []} for number in range(2 * MOST_PAGES + 1)]
        file = {"id": 12, "name": "log.txt", "content_type": "text/plain", "url": f"{file_host.address}/log.txt"}
        filing.notes["7"] = notes
        notes[-2]["files"] = [file]
        assert "did not arrive" in (await mcp.value(READ, {**FILE, "attachment_id": "12"}))["text"]
        assert len(filing.received) == 1 + MOST_PAGES
        notes[-1]["files"], notes[-2]["files"] = [file], []
        words = await mcp.failure(READ, {**FILE, "attachment_id": "12"})
        assert words == f"The record has no attachments in the first {MOST_PAGES} pages of its list."

    async def test_two_accounts_each_ask_their_own_vendor(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost, environment: Environment
    ) -> None:
        filing.put(f"{file_host.address}/log.txt")
        with serving(FilingVendor()) as other:
            second = await sync_to_async(account_at)(
                f"{other.address}/api", environment, FILING, name="Other", key="other-secret"
            )
            server = await sync_to_async(create_server)(second, "tests", name="Other", methods=[], tags=[])
            assert "No such record exists" in await McpClient(server[1]).failure(READ, FILE)
            assert other.last.header_value("x-key") == "other-secret"
        assert filing.received == file_host.received == []

    async def test_where_the_record_cannot_be_read_its_files_cannot_either(
        self, mcp: McpClient, account: IntegratedAccount, filing: FilingVendor, file_host: FileHost
    ) -> None:
        filing.put(f"{file_host.address}/log.txt")
        lacking = await sync_to_async(create_server)(
            account, "tests", name="Two", methods=[], tags=[], tools=[READ, GET]
        )
        client = McpClient(lacking[1])
        listed = (await client.request("tools/list")).json()["result"]["tools"]
        assert [tool["name"] for tool in listed] == [GET]
        assert "error" in (await client.request("tools/call", {"name": READ, "arguments": FILE})).json()
        assert filing.received == []
        record = await Documentation.objects.aget(resource="notes")
        record.published = False
        await sync_to_async(record.save)()
        await sync_to_async(account.integration.refresh_from_db)()
        catalogue = await sync_to_async(catalogue_of)(account.integration)
        drafts = {draft.key: draft.reasons for draft in catalogue.drafts}
        assert drafts["cases.read_file"] == [
            "method: it downloads files of records that notes.list reads, and that makes no tool at present."
        ]
        report = await sync_to_async(report_of)(account.integration)
        assert [(record.key, record.verdict.problems) for record in report.drafts] == [*drafts.items()][-1:]


class TestFetching:
    """Where a file is fetched from, with what."""

    async def test_another_host_gets_nothing_of_the_account(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        filing.put(f"{file_host.address}/log.txt?signature=1")
        shown = await mcp.value(READ, FILE)
        assert shown["text"] == "Order 0 left the store.\nIt did not arrive.\n"
        (request,) = file_host.received
        assert (request.path, request.query) == ("/log.txt", "signature=1")
        assert {name for name, _ in request.headers} == {"host", "accept", "accept-encoding", "user-agent"}
        await sync_to_async(recorder.flush)()
        call = await Call.objects.aget(tool=READ)
        assert (call.outcome, call.upstream_status, call.upstream_bytes) == ("ok", 200, 43)
        assert call.arguments == FILE

    async def test_its_own_origin_gets_the_credentials_only_below_the_declared_path(
        self, mcp: McpClient, filing: FilingVendor
    ) -> None:
        filing.files = {path: Answer(200, b"x", media_type="text/plain") for path in ("/files/a", "/api/users")}
        for url, key in (("/files/a", SECRET), ("/api/users", ""), ("/files/%2e%2e/api/users", "")):
            filing.put(f"{filing.address}{url}")
            await mcp.call(READ, FILE)
            assert (filing.last.path, filing.last.header_value("x-key")) == (url, key)
        filing.put("/files/a")
        assert (await mcp.value(READ, FILE))["text"] == "x"

    async def test_a_redirect_is_followed_once_without_credentials(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        filing.put(f"{filing.address}/files/a")
        for location in (f"{file_host.address}/log.txt", f"{filing.address}/files/b"):
            filing.files["/files/a"] = Answer(302, None, {"location": location, "set-cookie": "a=b"})
            filing.files["/files/b"] = Answer(200, b"moved here", media_type="text/plain")
            assert (await mcp.value(READ, FILE))["text"]
        assert (filing.last.path, filing.last.header("x-key"), filing.last.header("cookie")) == ("/files/b", [], [])
        assert SECRET not in str(file_host.received)
        file_host.files["/log.txt"] = Answer(302, None, {"location": f"{file_host.address}/other"})
        for url in (f"{filing.address}/files/a", f"{file_host.address}/log.txt"):
            filing.put(url)
            filing.files["/files/a"] = Answer(302, None, {"location": f"{file_host.address}/log.txt"})
            file_host.files["/other"] = Answer(302, None, {"location": f"{file_host.address}/third"})
            words = await mcp.failure(READ, FILE)
            assert "but it was not fetched, since it was moved more than once. Do not repeat the call" in words
        assert "/third" not in [request.path for request in file_host.received]

    async def test_what_is_not_public_is_not_fetched(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost, settings: Settings
    ) -> None:
        settings.UPSTREAM_PRIVATE_HOSTS = frozenset({filing.address.removeprefix("http://")})
        host = file_host.address.removeprefix("http://")
        refused = {
            f"http://{host}/log.txt": "its address is not https",
            f"https://{host}/log.txt": "is not a public address",
            "https://169.254.169.254/latest": "is not a public address",
            "ftp://files.example/a": "its address is not https",
            "https://user:pass@files.example/a": "its address is malformed",
            f"https://files.example/a?key={SECRET}": "its address repeats the account's credentials",
        }
        for url, why in refused.items():
            filing.put(url)
            assert why in await mcp.failure(READ, FILE), url
            filing.put(f"{filing.address}/files/a")
            filing.files["/files/a"] = Answer(302, None, {"location": url})
            words = await mcp.failure(READ, FILE)
            assert why in words, url
            assert SECRET not in words
        assert file_host.received == []

    async def test_a_refused_download_and_one_that_is_too_large_are_told(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost, settings: Settings
    ) -> None:
        filing.put(f"{file_host.address}/none", size=5)
        assert await mcp.failure(READ, FILE) == (
            "Filing has the file f1 ('a.txt', text/plain, 5 bytes), but its download was answered with HTTP 404. "
            "Do not repeat the call; tell the person."
        )
        settings.ATTACHMENT_BYTES = 2000
        file_host.received.clear()
        url = file_host.put("/long", b"x" * 2001, "text/plain")
        for size, fetched in ((2001, 0), (None, 1)):
            filing.put(url, size=size)
            assert "but at most 2,000 bytes are downloaded." in await mcp.failure(READ, FILE)
            assert len(file_host.received) == fetched

    async def test_more_than_an_answer_may_have_is_downloaded(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost, settings: Settings
    ) -> None:
        settings.UPSTREAM_MAX_BYTES = 1024
        filing.put(file_host.put("/long", b"word " * 1000, "text/plain"))
        assert len((await mcp.value(READ, FILE))["text"]) == 5000

    async def test_credentials_in_a_file_are_masked(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        filing.put(file_host.put("/a", f"key {SECRET}".encode(), "text/plain"))
        assert SECRET not in json.dumps(await mcp.call(READ, FILE))


class TestKinds:
    """What a model gets of a file, whatever the vendor calls it."""

    async def read(self, mcp: McpClient, filing: FilingVendor, host: FileHost, content: bytes, told: str) -> Any:
        """Return the result for a file of this content, of which record and host tell a type."""
        name = f"a.{told.rpartition('/')[2]}"
        filing.put(host.put("/a", content, "application/octet-stream"), name=name, media_type=told)
        return await mcp.call(READ, FILE)

    async def test_an_image_is_one_by_its_first_bytes(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        for told in ("image/png", "image/jpeg", "text/plain", "application/pdf"):
            for client in (mcp, mcp.at(STATELESS)):
                result = await self.read(client, filing, file_host, PIXEL, told)
                about, image = result["content"]
                assert image == {"type": "image", "mimeType": "image/png", "data": base64.b64encode(PIXEL).decode()}
                shown = json.loads(about["text"])["file"]
                assert (shown["media_type"], shown["bytes"]) == ("image/png", len(PIXEL))
                assert result["structuredContent"] == json.loads(about["text"])

    async def test_a_page_is_never_an_image(self, mcp: McpClient, filing: FilingVendor, file_host: FileHost) -> None:
        page = b"<!DOCTYPE html><title>Report</title><script>steal()</script><p>Hello <b>you</b>"
        result = await self.read(mcp, filing, file_host, page, "image/png")
        assert result["isError"]
        assert "but a web page came in its place." in result["content"][0]["text"]
        for told in ("text/html", "application/octet-stream", "text/plain"):
            (text,) = (await self.read(mcp, filing, file_host, page, told))["content"]
            shown = json.loads(text["text"])["text"]
            assert "Hello you" in shown
            assert "steal" not in shown
            assert "<" not in shown
        result = await self.read(mcp, filing, file_host, page.replace(b"Report", b"Sign in"), "text/plain")
        assert "but a web page came in its place." in result["content"][0]["text"]

    async def test_what_is_said_to_be_an_image_and_is_not_goes_as_plain_bytes(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost
    ) -> None:
        for told, mime in (("image/png", "application/octet-stream"), ("application/zip", "application/zip")):
            _, file = (await self.read(mcp, filing, file_host, b"PK\x03\x04\0\0", told))["content"]
            assert (file["type"], file["resource"]["mimeType"]) == ("resource", mime)
            assert base64.b64decode(file["resource"]["blob"]) == b"PK\x03\x04\0\0"

    async def test_other_files_have_a_limit_and_its_refusal_names_the_file(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost, settings: Settings
    ) -> None:
        settings.RESULT_BINARY_BYTES = 2000
        for content in (PIXEL + b"\0" * 2000, b"\0" * 2001):
            result = await self.read(mcp, filing, file_host, content, "image/png")
            words = result["content"][0]["text"]
            assert words == (
                "Filing has the file f1 ('a.png', image/png), but of a file that is not text at most 2,000 bytes are "
                "passed on. Do not repeat the call; tell the person."
            )

    TEXTS: ClassVar[list[tuple[str, bytes, str]]] = [
        ("text/csv", b"\xef\xbb\xbfa;b", "a;b"),
        ("application/json", b'{"a": 1}', '{"a": 1}'),
        ("image/svg+xml", b"<svg onload=x()>", "<svg onload=x()>"),
        ("application/octet-stream", "größe".encode(), "größe"),
        ("text/plain", "größe".encode("utf-16"), "größe"),
        ("text/plain", b"caf\xe9 au lait, three of them", "caf� au lait, three of them"),
        ("text/plain", "a\u200bb".encode(), "a\\u{200b}b"),
        ("text/plain", b"", ""),
    ]

    async def test_a_text_is_text(self, mcp: McpClient, filing: FilingVendor, file_host: FileHost) -> None:
        for told, content, shown in self.TEXTS:
            (item,) = (await self.read(mcp, filing, file_host, content, told))["content"]
            assert json.loads(item["text"])["text"] == shown, told

    async def test_a_long_text_is_read_page_by_page_to_its_end(
        self, mcp: McpClient, filing: FilingVendor, file_host: FileHost, settings: Settings
    ) -> None:
        settings.RESULT_TOKENS = 3000
        text = "".join(f"{number}: a line of a long log\n" for number in range(1200)) + "x" * 9000
        filing.put(file_host.put("/a", text.encode(), "text/plain"))
        pages, read, asked = 0, "", 1
        while asked:
            result = await mcp.call(READ, {**FILE, "from_page": asked})
            shown = json.loads(result["content"][0]["text"])
            assert "truncated" not in shown
            read, pages, note = read + shown["text"], shown["pages"], shown["note"]
            _, _, following = note.partition("ask with from_page=")
            asked = int(following.rstrip(".") or 0)
        assert read == text
        assert note.startswith(f"Page {pages} of {pages}.") or note.endswith(f"–{pages} of {pages}.")
        shown = await mcp.value(READ, {**FILE, "from_page": pages + 1})
        assert (shown["text"], shown["note"]) == ("", f"It has {pages} pages: there is no page {pages + 1}.")


async def test_it_comes_over_rest_too(
    mcp: McpClient, account: IntegratedAccount, filing: FilingVendor, file_host: FileHost, admin_token: str
) -> None:
    rest, path = AsyncRest(admin_token), f"/integrated-account/{account.pk}/tools/{READ}"
    filing.put(file_host.put("/a", PIXEL, "image/png"), name="a.png", media_type="image/png")
    shown = (await rest.post(path, FILE)).json()
    assert base64.b64decode(shown["file"]["base64"]) == PIXEL
    assert shown["file"]["media_type"] == "image/png"
    filing.put(f"{file_host.address}/log.txt")
    assert (await rest.post(path, FILE)).json()["text"].startswith("Order 0")
    refused = await rest.post(path, {**FILE, "attachment_id": "f9"})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (404, "attachment-unknown")


async def test_the_playground_shows_an_image_and_no_markup(
    mcp: McpClient, account: IntegratedAccount, filing: FilingVendor, file_host: FileHost, people: People
) -> None:
    client = AsyncClient()
    await client.aforce_login(people.operator)
    form = {"tool": READ, "run": "yes", "argument-case_id": "7", "argument-attachment_id": "f1"}
    filing.put(file_host.put("/a", PIXEL, "text/html"), name='"><script>a()</script>', media_type="text/html")
    shown = (await client.post(f"/accounts/{account.pk}/playground", form)).content.decode()
    assert f'src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}"' in shown
    assert "<script>a()" not in shown
    filing.put(file_host.put("/a", b"<svg onload=a()></svg>", "image/svg+xml"), media_type="image/svg+xml")
    shown = (await client.post(f"/accounts/{account.pk}/playground", form)).content.decode()
    assert "<svg onload" not in shown
    assert "&lt;svg onload=a()" in shown
