"""Answers that are nearly right are shown as what they are, with a remark."""

import json
import threading
import time
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import bounded_json, lenient_json
from accounts.errors import NotJSON, TooDeep
from tests.mcp_client import McpClient
from tests.vendors.scripted import ScriptedVendor

GET, CREATE, LIST = "get_single_desk_ticket_by_id", "create_a_desk_ticket", "list_all_desk_tickets"
QUEUES, RAW = "list_all_desk_queues", "get_single_archive_paper_by_id"
ID = {"id": "1"}
FLAWED = "The vendor's JSON is not quite right; it was read with "
SINGLE = "A single value came where a list is documented: it is shown as the only item."
NUMBERED = "A numbered object came where a list is documented: its members are shown as a list."
NO_LIST = (
    "An answer without a list came where one is documented. It is shown under `envelope`; it does not say that the "
    "list is empty."
)
AS_IT_IS = "The vendor answered with no JSON, although that is documented: what came is shown as it is."

READ: list[tuple[bytes, Any, str]] = [
    (b'{"name": "cut \\ud83d"}', {"name": "cut \ufffd"}, "half characters, shown as \ufffd"),
    (b'{"a": "\\ud83d\\ude00 \\ude00"}', {"a": "😀 \ufffd"}, "half characters, shown as \ufffd"),
    (b'{"a": NaN, "b": -Infinity}', {"a": None, "b": None}, "NaN or Infinity, shown as null"),
    (b'{"a": "x\ty\nz"}', {"a": "x\ty\nz"}, "control characters in its texts"),
    (b'{"a": "caf\xe9"}', {"a": "café"}, "bytes that are not UTF-8, read as Latin-1"),
    (b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}', {"a": 1}, "a byte order mark"),
    (b")]}',\n{\"a\": 1}", {"a": 1}, "a prefix against script inclusion"),
    (b")]}'\n{\"a\": 1}", {"a": 1}, "a prefix against script inclusion"),
    (b'while(1);{"a": 1}', {"a": 1}, "a prefix against script inclusion"),
    (b'for(;;); {"a": 1}', {"a": 1}, "a prefix against script inclusion"),
    ('{"a": "é"}'.encode("utf-16"), {"a": "é"}, "the charset UTF-16"),
    ('{"a": "é"}'.encode("utf-16-le"), {"a": "é"}, "the charset UTF-16"),
    ('{"a": "é"}'.encode("utf-16-be"), {"a": "é"}, "the charset UTF-16"),
    (b'{"a": [1, 2,], "b": ",]",}', {"a": [1, 2], "b": ",]"}, "commas before the end of a list or object"),
    (b'{"a": 1e999}', {"a": "1e999"}, "a number that is too large, shown as text"),
    (b'{"a": -1e400, "b": 1e99999999999999999999}', {"a": "-1e400", "b": "1e99999999999999999999"},
     "a number that is too large, shown as text"),
    (b'{"a": %s}' % (b"1" * 400), {"a": "1" * 400}, "a number that is too large, shown as text"),
    (b'{"a": 1}\n{"a": 2}\n', {"result": [{"a": 1}, {"a": 2}]}, "one document after the other, shown as a list"),
    (b'\x1e{"a": 1}\n\x1e[2]\n', {"result": [{"a": 1}, [2]]},
     "zeros or separators around it, one document after the other, shown as a list"),
    (b'[{"a": 1}]\0\0', {"result": [{"a": 1}]}, "zeros or separators around it"),
    (b'\x1e{"a": 1}\n', {"a": 1}, "zeros or separators around it"),
    (b'{"n": 123456789012345678901, "a": NaN}', {"n": "123456789012345678901", "a": None},
     "NaN or Infinity, shown as null"),
]  # fmt: skip
BROKEN = [
    b'{"a": ',
    b"[1, 2",
    b'{"a": "b}',
    b"{1: 2}",
    b"{'a': 1}",
    b'{"a": 1} and more',
    b"[1,,2]",
    b"{} 7",
    b"[" * 200,
]


async def test_a_flawed_answer_is_shown_with_a_remark(archive: McpClient, scripted: ScriptedVendor) -> None:
    for body, value, flaw in READ:
        scripted.body = body
        shown = await archive.value("archive_papers_raw", ID)
        assert shown == {**value, "remarks": [f"{FLAWED}{flaw}."]}, body


async def test_what_is_broken_stays_an_error(archive: McpClient, scripted: ScriptedVendor) -> None:
    for body in BROKEN:
        scripted.body = body
        assert "no usable JSON" in await archive.failure("archive_papers_raw", ID), body


async def test_a_secret_that_only_another_charset_shows_is_masked(archive: McpClient, scripted: ScriptedVendor) -> None:
    scripted.body = '{"k": "archive-secret"}'.encode("utf-16-be")
    shown = str(await archive.call("archive_papers_raw", ID))
    assert "archive-secret" not in shown


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSONS = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(JSONS, max_size=3) | st.dictionaries(st.text(), JSONS, max_size=3))
def test_a_prefix_or_a_mark_changes_nothing_else(value: Any) -> None:
    strict = json.dumps(value).encode()
    for raw in (b")]}'\n" + strict, b"\xef\xbb\xbf" + strict, strict.decode().encode("utf-16")):
        assert lenient_json.loads(raw)[0] == orjson.loads(strict)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\ud8NaIn1 \n', max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused_and_what_is_read_can_be_written(raw: bytes) -> None:
    try:
        value, flaws = lenient_json.loads(raw)
    except (NotJSON, TooDeep):
        return
    orjson.dumps(value)
    with suppress(NotJSON, TooDeep):
        bounded_json.loads(raw)
        return
    assert flaws


def test_a_hostile_text_is_refused_in_no_time() -> None:
    size = 300_000
    hostile = [
        b"[" * size, b'{"a":' * size, b'["' + b'\\"' * size, b'["",' * size, b"[1,]" * (size // 4), b"[" + b"," * size,
        b'{"a": "' + b"\xff" * size, b"\xff\xfe" + b"[\0" * size, b")]}'" * size, b'["\\ud83d' * size,
        b"{}" * (size // 2),
        b'[1, "' + b"\\\\" * size,
    ]  # fmt: skip
    for raw in hostile:
        began = time.perf_counter()
        with suppress(NotJSON):
            lenient_json.loads(raw)
        assert time.perf_counter() - began < 3, raw[:20]


async def test_a_long_answer_is_read_beside_the_event_loop(
    archive: McpClient, desk: McpClient, scripted: ScriptedVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    loads = lenient_json.loads

    def noted(raw: bytes) -> tuple[Any, list[str]]:
        threads.append(threading.current_thread().name)
        return loads(raw)

    monkeypatch.setattr(lenient_json, "loads", noted)
    for body in (b"{}\n" * 30_000, b'[{"a": "' + b"\xe9" * 70_000 + b'"},]'):
        scripted.body, scripted.status = body, 200
        await archive.call("archive_papers_raw", ID)
        await desk.call(LIST)
        scripted.status = 400
        await desk.call(LIST)
    assert len(threads) >= 6
    assert all(name.startswith("asyncio_") for name in threads)


LISTS: list[tuple[bytes, list[Any], str]] = [
    (b'{"data": null}', [], "Null came where a list is documented: it is shown as an empty list."),
    (b'{"data": {}}', [], "Nothing came where a list is documented: it is shown as an empty list."),
    (b"{}", [], "Nothing came where a list is documented: it is shown as an empty list."),
    (b"null", [], "Null came where a list is documented: it is shown as an empty list."),
    (b"", [], "The vendor answered with nothing (HTTP 200)."),
    (b'{"total": 0}', [], NO_LIST),
    (b'{"message": "Unauthorized"}', [], NO_LIST),
    (b'{"data": {"id": 1}}', [{"id": 1}], SINGLE),
    (b'{"id": 1, "tags": []}', [{"id": 1, "tags": []}],
     SINGLE),
    (b'{"data": {"0": {"id": 1}, "1": {"id": 2}}}', [{"id": 1}, {"id": 2}],
     NUMBERED),
    (b'{"data": {"2": 2, "1": 1, "10": 10, "9": 9, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8}}', [*range(1, 11)],
     NUMBERED),
    (b'{"data": {"items": [{"id": 1}], "total": 1}}', [{"id": 1}],
     "The list came in `items`, which is not documented."),
    (b'{"response": {"tickets": [{"id": 1}]}}', [{"id": 1}],
     "The list came in `response.tickets`, which is not documented."),
    (b'{"tickets": [{"id": 1}], "total": 1}', [{"id": 1}], "The list came in `tickets`, which is not documented."),
    (b'{"success": true, "tickets": null}', [], "The list came in `tickets`, which is not documented."),
    (b'{"tickets": false}', [], "The list came in `tickets`, which is not documented."),
    (b'{"tickets": {"ticket": {"id": 1}}, "total": 1}', [{"id": 1}], f"{SINGLE[:-1]}, from `tickets.ticket`."),
    (b'{"ticket": {"id": 1}}', [{"id": 1}], f"{SINGLE[:-1]}, from `ticket`."),
    (b'{"address": {"city": "x"}}', [{"address": {"city": "x"}}], SINGLE),
    (b'{"data": "x"}', ["x"], SINGLE),
    (b'{"data": {"57": {"a": 1}, "91": {"a": 2}}}', [{"57": {"a": 1}, "91": {"a": 2}}],
     SINGLE),
    (b"id;name\n1;x\n", ["id;name\n1;x"], AS_IT_IS),
    (b'[{"id": 1}]', [{"id": 1}], ""),
]  # fmt: skip


async def test_a_list_in_another_form_is_shown_as_a_list(desk: McpClient, scripted: ScriptedVendor) -> None:
    for body, items, remark in LISTS:
        scripted.body = body
        shown = await desk.value(LIST)
        assert (shown["result"], shown.get("remarks", [""])) == (items, [remark]), body
        assert shown["result_count"] == len(items)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/plain", "200 ok"),
        ("text/html; charset=UTF-8", "ok"),
        ("application/json", "OK"),
        ("text/csv", "id,name\n1,x"),
        ("application/xml", "<tickets><ticket id='1'/></tickets>"),
        ("", "done: é"),
    ],
)
async def test_a_text_instead_of_json_is_shown_as_it_is(
    desk: McpClient, scripted: ScriptedVendor, media_type: str, body: str
) -> None:
    scripted.body, scripted.headers = body.encode(), {"content-type": media_type}
    for tool, arguments in ((GET, ID), (CREATE, {"title": "x"})):
        assert await desk.value(tool, arguments) == {"result": body, "remarks": [AS_IT_IS]}


async def test_a_web_page_or_a_file_instead_of_json_is_still_an_error(
    desk: McpClient, scripted: ScriptedVendor
) -> None:
    for media_type, body in [
        ("text/html", b"<form>Sign in</form>"),
        ("text/plain", b"<!doctype html><p>Sign in"),
        ("application/json", b"<!-- x --><html><p>Sign in"),
        ("", b"\n<html><p>Sign in"),
    ]:
        scripted.body, scripted.headers = body, {"content-type": media_type}
        assert "a web page, such as a sign-in page instead of data" in await desk.failure(GET, ID)
    scripted.body, scripted.headers = b"%PDF-1.7\x00\xff\xfe\x00\x01", {"content-type": "application/pdf"}
    assert "no usable JSON" in await desk.failure(GET, ID)


async def test_a_created_thing_keeps_its_place(desk: McpClient, scripted: ScriptedVendor) -> None:
    cases: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({"Location": "/tickets/77"}, {"location": "/tickets/77"}),
        ({"Location": f"{scripted.address}/tickets/77?a=1#x"}, {"location": "/tickets/77?a=1"}),
        ({"Location": "https://user:pass@elsewhere.example/jobs/7"}, {"location": "https://elsewhere.example/jobs/7"}),
        ({"Operation-Location": "/jobs/7", "Retry-After": "5"}, {"location": "/jobs/7", "retry_after": 5}),
        ({"Location": "/t?key=desk-secret"}, {"location": "/t?key=•••"}),
        ({"Location": "http://["}, {}),
    ]
    for headers, told in cases:
        scripted.headers = headers
        for status in (201, 202):
            scripted.status, scripted.body = status, b""
            assert await desk.value(CREATE, {"title": "x"}) == {"done": True, "status": status, **told}
            scripted.body = b'{"id": 77}'
            assert await desk.value(CREATE, {"title": "x"}) == {**told, "id": 77}
    scripted.status = 200
    assert await desk.value(CREATE, {"title": "x"}) == {"id": 77}


@pytest.mark.parametrize("digits", ["1e-400", "-2.5E-999", "1e-99999999999999999999"])
async def test_a_number_that_is_too_small_keeps_its_digits(
    desk: McpClient, scripted: ScriptedVendor, digits: str
) -> None:
    scripted.body = b'{"ticket": {"id": %s}}' % digits.encode()
    result = await desk.call(GET, ID)
    assert json.loads(result["content"][0]["text"]) == {"id": digits}
