"""Links to the next page: read as their standards say, followed below the account's own address and nowhere else."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mcp_client import McpClient
from tests.vendors.application import Answer
from tests.vendors.lists import KEY, ListVendor
from tests.vendors.scripted import ScriptedVendor
from tools.pagination.links import LinkRefused, next_link, target_of

BASE = "https://api.example/v2"
ASKED = "/tickets/7/notes?page=1"

ESCAPES = [
    "//evil.example/v2/tickets",
    "///evil.example/v2/tickets",
    "////evil.example/v2",
    "https://evil.example/v2/tickets",
    "https://api.example.evil.example/v2/tickets",
    "https://api.example@evil.example/v2/tickets",
    "https://evil.example#@api.example/v2/tickets",
    "https://evil.example\\@api.example/v2/tickets",
    "https://api.example%2eevil.example/v2/tickets",
    "https://api.example./v2/tickets",
    "https://api.exаmple/v2/tickets",
    "https://user@api.example/v2/tickets",
    "https://user:secret@api.example/v2/tickets",
    "https://@api.example/v2/tickets",
    "http://api.example/v2/tickets",
    "http://api.example:443/v2/tickets",
    "https://api.example:8443/v2/tickets",
    "https://api.example:0/v2/tickets",
    "https://api.example:99999/v2/tickets",
    "https://api.example:x/v2/tickets",
    "https://[::1/v2/tickets",
    "https://127.0.0.1/v2/tickets",
    "https:///v2/tickets",
    "https:/v2/tickets",
    "https:tickets",
    "ftp://api.example/v2/tickets",
    "file:///v2/tickets",
    "javascript:alert(1)",
    "\\\\evil.example\\v2",
    "/\\evil.example/v2",
    "\\tickets",
    "/v2\\..\\admin",
    "/tickets",
    "/",
    "https://api.example",
    "https://api.example/v1/tickets",
    "https://api.example/v2x/tickets",
    "https://api.example/V2/tickets",
    "https://api.example/v2/../admin",
    "https://api.example/v2/tickets/../../admin",
    "../../../../admin",
    "/v2/../admin",
    "/v2/%2e%2e/admin",
    "/v2/%2E./admin",
    "/v2/.%2e;x/admin",
    "/v2/%252e%252e/admin",
    "/v2/%25252e%25252e/admin",
    "/v2/..%2fadmin",
    "/v2/..%5cadmin",
    "/v2/%5c..%5cadmin",
    "/v2/x%0d%0aHost:evil",
    "/v2/tickets\r\nHost: evil.example",
    "/v2/tickets\x00",
    "https://api.example\t.evil.example/v2/tickets",
    "/v2/%" + "25" * 12 + "2e./admin",
]


@pytest.mark.parametrize("link", ESCAPES)
def test_a_link_out_of_the_accounts_address_is_refused(link: str) -> None:
    with pytest.raises(LinkRefused):
        target_of(link, base=BASE, asked=ASKED)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("https://api.example/v2/tickets?page=2", "/tickets?page=2"),
        ("HTTPS://API.example:443/v2/tickets?page=2", "/tickets?page=2"),
        ("//api.example/v2/tickets?page=2", "/tickets?page=2"),
        ("/v2/tickets?page=2", "/tickets?page=2"),
        ("?page=2", "/tickets/7/notes?page=2"),
        ("notes?page=2", "/tickets/7/notes?page=2"),
        ("../8/notes?page=2", "/tickets/8/notes?page=2"),
        ("./notes?page=2#top", "/tickets/7/notes?page=2"),
        ("", "/tickets/7/notes?page=1"),
        (" /v2/tickets?page=2 ", "/tickets?page=2"),
        ("/v2", ""),
        ("/v2?page=2", "?page=2"),
        ("/v2/tickets?to=https://evil.example/..%2f&a\\b", "/tickets?to=https://evil.example/..%2f&a%5Cb"),
        ("/v2/tickets?filter[a]=b c&ü=ß", "/tickets?filter[a]=b%20c&%C3%BC=%C3%9F"),
        ("/v2/projects/group%2Fname/tickets?page=2", "/projects/group%2Fname/tickets?page=2"),
        ("/v2/projects/group%252Fname/tickets", "/projects/group%252Fname/tickets"),
        ("/v2//tickets?page=2", "//tickets?page=2"),
    ],
)
def test_a_link_below_the_accounts_address_is_read_as_its_standard_says(link: str, target: str) -> None:
    assert target_of(link, base=BASE, asked=ASKED) == target


@pytest.mark.parametrize(
    "link",
    [
        "http://api.example/v2/tickets/7/notes?page=2",
        "http://api.example:8080/v2/tickets/7/notes?page=2",
        "https://backend.internal/v2/tickets/7/notes?page=2",
        "http://10.0.0.7:3000/tickets/7/notes?page=2",
        "https://api.example/tickets/7/notes?page=2",
        "https://api.example/gateway/v2/tickets/7/notes/?page=2",
        "/tickets/7/notes?page=2",
        "/v3/tickets%2F7/notes?page=2",
    ],
)
def test_a_link_to_the_same_list_elsewhere_is_put_on_the_accounts_own_address(link: str) -> None:
    assert target_of(link, base=BASE, asked=ASKED) == "/tickets/7/notes?page=2"


@pytest.mark.parametrize(
    "link",
    [
        "http://api.example/v2/tickets/8/notes?page=2",
        "https://user@api.example/v2/tickets/7/notes?page=2",
        "https://api.example/x/../tickets/7/notes?page=2",
        "ftp://api.example/v2/tickets/7/notes?page=2",
        "https://api.example/my-tickets/7/notes/x?page=2",
        "https://backend.internal/?page=2",
    ],
)
def test_one_to_another_list_is_not(link: str) -> None:
    with pytest.raises(LinkRefused):
        target_of(link, base=BASE, asked=ASKED)


@given(st.text() | st.from_regex(r"[/\\:@.%a2eA5c?#htps]*", fullmatch=True))
def test_no_text_leads_anywhere_else(link: str) -> None:
    try:
        target = target_of(link, base=BASE, asked=ASKED)
    except LinkRefused:
        return
    assert target[:1] in {"", "/", "?"}
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target
    assert not {".", ".."} & set(target.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/"))


@pytest.mark.parametrize(
    ("header", "link"),
    [
        ("", ""),
        ('<https://a.example/?page=2>; rel="next"', "https://a.example/?page=2"),
        ("<?page=2>;rel=next", "?page=2"),
        ('<?page=1>; rel="prev", <?page=3>; rel="next", <?page=9>; rel="last"', "?page=3"),
        ('<?page=3>; rel="last NEXT"', "?page=3"),
        ('<?a=1,2;3>; title="x, <y>; rel=\\"prev\\""; rel=next', "?a=1,2;3"),
        ('<?page=3>; REL = "next"', "?page=3"),
        ('<?page=3>; rel=prev; rel=next', ""),
        ('<?page=3>; rel="next"; anchor="#other"', ""),
        ('<?page=3>; title="rel=next"', ""),
        ('<?page=3>; rel="nextish"', ""),
        ("?page=3; rel=next", ""),
        ('<?page=3', ""),
        ('<?page=3>; rel="next', ""),
        ("<>; rel=next", ""),
    ],
)  # fmt: skip
def test_a_link_header_is_read_as_its_standard_says(header: str, link: str) -> None:
    assert next_link(header) == link


@given(st.text(alphabet='<>;,="\\ relnxt'))
def test_no_link_header_breaks_its_reader(header: str) -> None:
    assert next_link(header) in header


@pytest.mark.parametrize("name", ["link", "link_body"])
@pytest.mark.parametrize(
    "link", ["https://evil.example/v1/x?from=1", "//evil.example/v1/x", "/admin", "/v1/../admin", "/v1/%2e%2e/x"]
)
async def test_a_page_whose_next_one_lies_elsewhere_is_the_last_and_says_so(
    lists: McpClient, scripted: ScriptedVendor, name: str, link: str
) -> None:
    body = json.dumps({"data": [{"id": 1}], "meta": {"url": link}}).encode()
    scripted.answer = lambda request: Answer(200, body, {"Link": f'<{link}>; rel="next"'})
    page = await lists.value(f"list_{name}")
    assert page["result"] == [{"id": 1}]
    assert "next_cursor" not in page
    assert "was not followed" in page["truncated"][0]["advice"]
    assert "evil" not in json.dumps(page)
    assert len(scripted.received) == 1


@pytest.mark.parametrize("link", [7, True, {"href": "?from=1"}, ["?from=1"]])
async def test_what_is_no_text_is_no_link(lists: McpClient, scripted: ScriptedVendor, link: Any) -> None:
    scripted.answer = lambda request: Answer(200, json.dumps({"data": [1], "meta": {"url": link}}).encode())
    page = await lists.value("list_link_body")
    assert "next_cursor" not in page
    assert "is not an address, so it was not followed" in page["truncated"][0]["advice"]


async def test_a_note_on_the_end_waits_for_the_end(lists: McpClient, scripted: ScriptedVendor) -> None:
    body = json.dumps({"data": [{"id": number} for number in range(5)], "meta": {"url": "//evil.example/"}}).encode()
    scripted.answer = lambda request: Answer(200, body)
    first = await lists.value("list_link_body", {"limit": 3})
    assert first["next_cursor"]
    assert "truncated" not in first
    last = await lists.value("list_link_body", {"limit": 3, "next_cursor": first["next_cursor"]})
    assert [item["id"] for item in last["result"]] == [3, 4]
    assert "next_cursor" not in last
    assert "leads to another host" in last["truncated"][0]["advice"]


async def test_credentials_that_a_vendor_repeats_are_in_no_cursor(
    lists: McpClient, vendor: ListVendor, scripted: ScriptedVendor
) -> None:
    link = f"?from=10&key={KEY}&%6Bey=older-key&access_token={KEY}&per_page=10"
    body = json.dumps({"data": [{"id": 1}], "meta": {"url": link}}).encode()
    scripted.answer = lambda request: Answer(200, body)
    cursor = (await lists.value("list_link_body"))["next_cursor"]
    assert b"from=10" in base64.urlsafe_b64decode(cursor)
    assert KEY.encode() not in base64.urlsafe_b64decode(cursor)
    assert b"older-key" not in base64.urlsafe_b64decode(cursor)
    await lists.value("list_link_body", {"next_cursor": cursor})
    assert sorted(scripted.last.parameters) == [("from", "10"), ("key", KEY), ("per_page", "10")]
