"""Parts and bodies that hold bytes or have no names: sent as the document describes them, or refused in words."""

import base64
from email.message import Message
from typing import Any

import pytest

from tests.fidelity.documents import ITEM, TEXT, answered, content, document
from tests.tools.openapi.documents import proposed
from tests.vendors.application import Answer
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
FORM = "multipart/form-data"
IN_BASE64 = {**TEXT, "contentEncoding": "base64", "contentMediaType": "image/png"}
CARRIED = {"headers": {"Content-Transfer-Encoding": {"schema": {**TEXT, "enum": ["base64"]}}}}


def posting(body: dict[str, Any], version: str = "3.1.0", *, required: bool = True) -> str:
    return document(
        {"/things": {"post": {"requestBody": {**body, "required": required}, "responses": answered(ITEM)}}}, version
    )


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"note": TEXT, **properties}}


async def call(importing: Import, text: str, arguments: dict[str, Any]) -> None:
    client = await importing(text, path="/base")
    [tool] = (await client.request("tools/list")).json()["result"]["tools"]
    await client.value(tool["name"], arguments)


def parts(scripted: ScriptedVendor) -> dict[str, Message]:
    return {str(part.get_param("name", header="content-disposition")): part for part in scripted.last.parts()}


async def test_a_part_in_base64_says_how_it_is_encoded(importing: Import, scripted: ScriptedVendor) -> None:
    described = members(
        picture=IN_BASE64, icons={"type": "array", "items": IN_BASE64}, plain={**TEXT, "contentEncoding": "base64"}
    )
    await call(
        importing, posting(content(described, FORM)), {"note": "a", "picture": PNG, "icons": [PNG], "plain": PNG}
    )
    found = parts(scripted)
    for name, media_type in {"picture": "image/png", "icons": "image/png", "plain": "application/octet-stream"}.items():
        part = found[name]
        assert (part.get_content_type(), part["content-transfer-encoding"]) == (media_type, "base64")
        assert part.get_payload() == PNG
    assert found["note"]["content-transfer-encoding"] is None


async def test_bytes_as_they_are_make_a_file(importing: Import, scripted: ScriptedVendor) -> None:
    described = members(picture={**TEXT, "contentEncoding": "binary"})
    await call(importing, posting(content(described, FORM)), {"picture": {"content_base64": PNG, "filename": "a.png"}})
    part = parts(scripted)["picture"]
    assert (part.get_filename(), part["content-transfer-encoding"]) == ("a.png", None)
    assert part.get_payload(decode=True) == base64.b64decode(PNG)


@pytest.mark.parametrize(
    ("given", "media_type", "sent"),
    [("auto", None, b"auto"), ({"kind": "x"}, "application/json", b'{"kind":"x"}')],
)
async def test_a_part_is_a_text_or_an_object_as_it_is_given(
    importing: Import, scripted: ScriptedVendor, given: Any, media_type: str | None, sent: bytes
) -> None:
    either = {"anyOf": [{**TEXT, "enum": ["auto"]}, {"type": "object", "properties": {"kind": TEXT}}]}
    await call(importing, posting(content(members(strategy=either), FORM)), {"note": "a", "strategy": given})
    part = parts(scripted)["strategy"]
    assert (part["content-type"], part.get_payload(decode=True)) == (media_type, sent)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
async def test_a_file_is_encoded_where_its_part_is_described_so(
    importing: Import, scripted: ScriptedVendor, version: str
) -> None:
    file = {**TEXT, "format": "binary"}
    body = content(members(file=file, other=file), FORM, encoding={"file": CARRIED})
    await call(importing, posting(body, version), {"file": {"content_base64": PNG}, "other": {"content_base64": PNG}})
    found = parts(scripted)
    assert (found["file"]["content-transfer-encoding"], found["file"].get_payload()) == ("base64", PNG)
    assert found["other"]["content-transfer-encoding"] is None
    assert found["other"].get_payload(decode=True) == base64.b64decode(PNG)


async def test_base64_in_openapi_3_0_is_the_text_itself(importing: Import, scripted: ScriptedVendor) -> None:
    body = content(members(data={**TEXT, "format": "byte"}), FORM, encoding={"data": {"contentType": "image/png"}})
    await call(importing, posting(body, "3.0.3"), {"data": PNG})
    part = parts(scripted)["data"]
    assert (part.get_content_type(), part.get_payload(), part["content-transfer-encoding"]) == ("image/png", PNG, None)


@pytest.mark.parametrize(
    ("schema", "version"),
    [(IN_BASE64, "3.1.0"), ({**TEXT, "format": "byte"}, "3.0.3"), ({**TEXT, "format": "base64"}, "3.0.3")],
)
async def test_a_whole_body_in_base64_is_sent_as_base64(
    importing: Import, scripted: ScriptedVendor, schema: Any, version: str
) -> None:
    await call(importing, posting(content(schema, "image/png"), version), {"body": PNG})
    assert (scripted.last.media_type, scripted.last.body) == ("image/png", PNG.encode())


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    "media_type", ["multipart/mixed", "multipart/related; type=text/xml", "multipart/alternative", "image/*", "upload"]
)
def test_a_body_that_cannot_be_written_is_refused_by_its_name(media_type: str, required: bool) -> None:
    body = {**content(members(), media_type), "required": required}
    text = document({
        "/things": {"post": {"requestBody": body, "responses": answered(ITEM)}},
        "/others": {"get": {"responses": answered(ITEM)}},
    })  # fmt: skip
    [refused] = proposed(text).refused
    assert media_type in refused.reason


async def test_another_format_is_chosen_where_there_is_one(importing: Import, scripted: ScriptedVendor) -> None:
    both = {"content": {"multipart/mixed": {"schema": members()}, "application/json": {"schema": members()}}}
    await call(importing, posting(both), {"note": "a"})
    assert scripted.last.json() == {"note": "a"}


async def test_an_answer_of_several_parts_is_a_file(importing: Import, scripted: ScriptedVendor) -> None:
    text = document({"/things": {"get": {"responses": answered({}, "multipart/mixed")}}})
    scripted.answer = lambda request: Answer(
        200, b"--b\r\n\r\nx\r\n--b--\r\n", media_type="multipart/mixed; boundary=b"
    )
    client = await importing(text, path="/base")
    [tool] = (await client.request("tools/list")).json()["result"]["tools"]
    result = await client.call(tool["name"], {})
    assert '"media_type":"multipart/mixed"' in result["content"][0]["text"].replace(" ", "")
