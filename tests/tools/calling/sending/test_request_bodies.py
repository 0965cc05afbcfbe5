"""Bodies as a vendor gets them: JSON, forms, multipart with files, one value as it is."""

import base64
import json
from email import message_from_bytes
from email.message import Message
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mcp_client import McpClient
from tests.vendors.application import Request
from tests.vendors.archive import archive_tool
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.binding import bind
from tools.calling.sending.checking import check
from tools.errors import InvalidArguments

ATTACH = "archive_papers_attach"
SCAN = "archive_papers_scan"


def parts(content_type: str, body: bytes) -> list[Message]:
    """Read a multipart body as mail libraries do."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    assert whole.is_multipart(), body
    assert not whole.defects
    return [part for part in whole.get_payload() if isinstance(part, Message)]


def parts_of(request: Request) -> list[Message]:
    return parts(request.header("content-type")[0], request.body)


def content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


class TestJson:
    """JSON bodies, whole, under one member, or one property alone."""

    async def test_all_properties_go_under_the_root(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        await archive.value("create_a_archive_paper", {"title": "é", "pages": ["1"]})
        assert json.loads(scripted.last.body) == {"paper": {"title": "é", "pages": ["1"]}}

    async def test_one_property_is_the_whole_body_under_another_name_of_json(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        await archive.value("archive_papers_replace", {"id": "7", "pages": ["a", "b"]})
        assert json.loads(scripted.last.body) == ["a", "b"]
        assert scripted.last.header("content-type") == ["application/vnd.archive+json"]

    async def test_what_is_fixed_goes_with_every_call_and_is_no_argument(
        self, archive: McpClient, scripted: ScriptedVendor
    ) -> None:
        await archive.value("archive_papers_stamp", {"id": "7", "ink": "red"})
        assert json.loads(scripted.last.body) == {"stamp": {"kind": "seal", "at": {"page": 1}, "ink": "red"}}
        assert scripted.last.query == "notify=no&api_key=archive-secret"
        await archive.value("archive_papers_stamp", {"id": "7"})
        assert json.loads(scripted.last.body) == {"stamp": {"kind": "seal", "at": {"page": 1}}}
        assert "kind is not an argument of this tool" in await archive.failure(
            "archive_papers_stamp", {"id": "7", "kind": "wax"}
        )

    async def test_without_it_there_is_no_body(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        await archive.value("archive_papers_replace", {"id": "7"})
        assert scripted.last.body == b""
        assert scripted.last.header("content-type") == []


class TestForms:
    """Forms, whose arrays and objects go by the styles of queries."""

    async def test_nested_values_go_in_their_style(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        given = {"id": "7", "about": {"by": {"name": "Ann & Bo"}, "in": ["x", "y"]}, "names": ["ä", "b"]}
        await archive.value("archive_papers_label", given)
        assert parse_qsl(scripted.last.body.decode()) == [
            ("about[by][name]", "Ann & Bo"), ("about[in][]", "x"), ("about[in][]", "y"), ("names", "ä"), ("names", "b"),
        ]  # fmt: skip

    async def test_what_is_fixed_is_sent_besides(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        await archive.value("archive_papers_file", {"id": "7", "folder": "a b"})
        assert parse_qsl(scripted.last.body.decode()) == [("kind", "folder"), ("locked", "true"), ("folder", "a b")]


class TestFiles:
    """Files among the arguments: an object that every client can make, or plain text."""

    async def test_the_tool_shows_an_object_that_any_client_can_make(self, archive: McpClient) -> None:
        listed = (await archive.request("tools/list")).json()["result"]["tools"]
        properties = next(tool for tool in listed if tool["name"] == ATTACH)["inputSchema"]["properties"]
        assert properties["cover"]["type"] == "object"
        assert properties["cover"]["description"] == "The first page. Give either text or content_base64."
        assert list(properties["cover"]["properties"]) == ["text", "content_base64", "filename", "media_type"]
        assert properties["files"]["items"]["properties"] == properties["cover"]["properties"]
        assert "format" not in json.dumps(properties)

    async def test_files_and_fields_arrive_as_parts(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        raw = bytes(range(256))
        cover = {"content_base64": base64.b64encode(raw).decode(), "filename": "cöver.png", "media_type": "image/png"}
        await archive.value(
            ATTACH,
            {
                "id": "7",
                "caption": "two\r\nlines é",
                "about": {"a": [1]},
                "cover": cover,
                "files": [{"text": "héllo", "filename": "a.txt"}, "plain"],
            },
        )
        found = parts_of(scripted.last)
        names = [part.get_param("name", header="content-disposition") for part in found]
        assert names == ["caption", "about", "cover", "files", "files"]
        assert content(found[0]).decode() == "two\r\nlines é"
        assert json.loads(content(found[1])) == {"a": [1]}
        assert (content(found[2]), found[2].get_content_type()) == (raw, "image/png")
        assert 'filename="cöver.png"'.encode() in scripted.last.body
        assert [content(part).decode() for part in found[3:]] == ["héllo", "plain"]
        assert [part.get_filename() for part in found[3:]] == ["a.txt", "file.txt"]

    async def test_no_two_requests_share_a_boundary(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        for _ in range(2):
            await archive.value(ATTACH, {"id": "7", "caption": "x"})
        first, second = (request.header("content-type")[0] for request in scripted.received)
        assert first != second

    @pytest.mark.parametrize(
        ("cover", "words"),
        [
            ({}, "cover: takes one of text and content_base64"),
            ({"text": "a", "content_base64": "YQ=="}, "cover: takes one of text and content_base64"),
            ({"content_base64": "no base64!"}, "cover: content_base64 is not Base64"),
            ({"content_base64": "YQ"}, "cover: content_base64 is not Base64"),
            ({"text": "a", "media_type": "text/plain\r\nX: y"}, "cover: media_type is not a media type"),
            ({"text": "a", "media_type": "nonsense"}, "cover: media_type is not a media type"),
            ({"text": "a", "path": "/etc/passwd"}, "cover: "),
            (7, "cover: "),
        ],
    )
    async def test_a_file_that_is_none_is_refused(
        self, archive: McpClient, scripted: ScriptedVendor, cover: object, words: str
    ) -> None:
        assert words in await archive.failure(ATTACH, {"id": "7", "cover": cover})
        assert scripted.received == []

    @given(st.text(max_size=50), st.binary(max_size=300))
    def test_any_name_and_content_stay_in_their_part(self, filename: str, raw: bytes) -> None:
        tool = archive_tool("attach")
        cover = {"content_base64": base64.b64encode(raw).decode(), "filename": filename or "x"}
        try:
            bound = bind(tool, check(tool, {"id": "7", "caption": "beside", "cover": cover}))
        except InvalidArguments:
            assert len(filename) > 200
            return
        caption, part = parts(bound.media_type, bound.body)
        head, _, _ = bound.body.split(b'name="cover"')[1].partition(b"\r\n\r\n")
        assert head.count(b"\r\n") == 1
        assert head.count(b'"') == 2
        assert content(caption) == b"beside"
        assert raw in bound.body
        assert part.get_content_type() == "application/octet-stream"


class TestRaw:
    """One value that is the body."""

    async def test_a_text_is_sent_as_it_is(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        await archive.value("archive_papers_annotate", {"id": "7", "note": 'é "quoted"'})
        assert scripted.last.body.decode() == 'é "quoted"'
        assert scripted.last.header("content-type") == ["text/plain; charset=utf-8"]

    @pytest.mark.parametrize(
        ("image", "body"),
        [({"content_base64": "AP8="}, b"\x00\xff"), ({"text": "é"}, "é".encode()), ("é", "é".encode())],
    )
    async def test_a_file_is_sent_as_it_is(
        self, archive: McpClient, scripted: ScriptedVendor, image: object, body: bytes
    ) -> None:
        await archive.value(SCAN, {"id": "7", "image": image})
        assert scripted.last.body == body
        assert scripted.last.header("content-type") == ["application/octet-stream"]

    async def test_without_it_there_is_no_body(self, archive: McpClient, scripted: ScriptedVendor) -> None:
        await archive.value(SCAN, {"id": "7"})
        assert (scripted.last.body, scripted.last.header("content-type")) == (b"", [])
