"""A vendor that repeats credentials: in no form, place or kind of authentication do they come out of any entrance."""

import base64
import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.errors import UpstreamRevealing
from accounts.models import ApiToken, Environment, IntegratedAccount, Role
from accounts.vendors.concealment import MASK, SHORTEST_SECRET, SecretMask
from accounts.vendors.upstream import UpstreamResponse
from tests.accounts.vendors.keyed import KEY, KINDS, LIST
from tests.mcp_client import McpClient
from tests.people import People
from tests.rest import AsyncRest
from tests.vendors.scripted import ScriptedVendor
from tools.calling.trying import TrialOrigin, try_tool
from tools.catalogue.toolbox import toolbox_of
from tools.models import Call
from tools.record.recorder import recorder

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-quoted": lambda secret: quote(secret, safe=""),
    "percent-quoted in small letters": lambda secret: "".join(
        part.lower() if part.startswith("%") else part for part in _quoted_parts(secret)
    ),
    "as in a form": quote_plus,
    "quoted twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "each character quoted": lambda secret: "".join(f"%{octet:02X}" for octet in secret.encode()),
    "in Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in Base64 of addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "as a pair": lambda secret: base64.b64encode(f"{secret}:x".encode()).decode(),
    "in a header in Base64": lambda secret: base64.b64encode(f"Authorization: Bearer {secret}".encode()).decode(),
    "behind a word": lambda secret: f"Bearer {secret}",
    "with entities": html.escape,
    "with numbered entities": lambda secret: "".join(f"&#{ord(sign)};" for sign in secret),
    "JSON in JSON": lambda secret: json.dumps({"key": secret}),
    "escaped as in scripts": lambda secret: "".join(
        f"\\x{ord(sign):02x}" if ord(sign) < 0x100 else json.dumps(sign)[1:-1] for sign in secret
    ),
    "between words": lambda secret: f"The key '{secret}' is not known.",
}
PLACES: dict[str, Callable[[str], Any]] = {
    "a member": lambda echo: {"ticket": {"echo": echo}},
    "a name": lambda echo: {"ticket": {echo: 1}},
    "an item": lambda echo: {"ticket": [[echo]]},
    "a link": lambda echo: {"ticket": {"next": f"https://desk.example/x?api_key={echo}&page=2"}},
    "a text": lambda echo: {"ticket": f"line\n{echo}\nline"},
}
WRITTEN: dict[str, Callable[[Any], bytes]] = {
    "plainly": lambda value: json.dumps(value, ensure_ascii=False).encode(),
    "in ASCII": lambda value: json.dumps(value).encode(),
    "with escaped slashes": lambda value: json.dumps(value).replace("/", "\\/").encode(),
    "each letter escaped": lambda value: json.dumps(value).replace("k", "\\u006b").replace("=", "\\u003d").encode(),
}
# As keys are made: letters, digits and signs; the first is one that ends an escape, where it stands behind a backslash.
SECRETS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=8, max_size=40).map(
    "n".__add__
)


def _quoted_parts(secret: str) -> list[str]:
    return [quote(sign, safe="") for sign in secret]


def answer(body: bytes, **headers: str) -> UpstreamResponse:
    return UpstreamResponse(200, {"content-type": "application/json", **headers}, body)


def holds(text: str, secret: str) -> bool:
    """Tell whether a text holds a secret, in any of the forms."""
    forms = {form(secret).strip("=") for name, form in FORMS.items() if name not in {"behind a word", "between words"}}
    return any(form in text for form in forms - {""})


@settings(deadline=None)
@given(SECRETS, st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(WRITTEN)))
def test_no_form_in_no_place_comes_through(secret: str, form: str, place: str, written: str) -> None:
    echo = FORMS[form](secret)
    body = WRITTEN[written](PLACES[place](echo))
    masked = SecretMask([secret]).masked(answer(body))
    value = json.loads(masked.body)
    assert MASK in json.dumps(value, ensure_ascii=False)
    assert not holds(masked.body.decode(), secret)
    assert not holds(json.dumps(value, ensure_ascii=False), secret)


@settings(deadline=None)
@given(SECRETS, st.sampled_from(sorted(FORMS)))
def test_headers_and_texts_are_masked_too(secret: str, form: str) -> None:
    echo = FORMS[form](secret)
    told = echo.encode().decode("latin-1")  # as httpx reads what a header holds
    response = UpstreamResponse(401, {"x-echo": told, "content-type": "text/html"}, f"<p>{echo}</p>".encode())
    masked = SecretMask([secret]).masked(response)
    assert not holds(masked.headers["x-echo"].encode("latin-1", "replace").decode("utf-8", "replace"), secret)
    assert not holds(masked.body.decode(), secret)


@pytest.mark.parametrize(
    ("before", "behind"),
    [(b'{"a": "' + b"\\\\" * 100_000, b'"}'), (b"\\" * 300_000, b""), (b"[" + b"1," * 500_000 + b'"', b'"]')],
    ids=["escapes", "signs", "numbers"],
)
def test_a_large_answer_takes_the_time_of_its_length(before: bytes, behind: bytes) -> None:
    # Over the square of it, each of these would outlast the suite.
    masked = SecretMask(["archive-secret"]).masked(answer(before + b"archive-secret" + behind))
    assert b"archive-secret" not in masked.body
    assert MASK.encode() in masked.body


@pytest.mark.parametrize("told", ["text/plain; CHARSET=cp037", "text/plain; charset=cp037", "text/plain;Charset=CP037"])
def test_a_charset_is_read_however_it_is_written(told: str) -> None:
    response = UpstreamResponse(200, {"content-type": told}, "key: archive-secret".encode("cp037"))
    assert "archive-secret" not in SecretMask(["archive-secret"]).masked(response).body.decode("utf-8", "replace")


def test_a_charset_of_any_length_is_read_in_no_time() -> None:
    told = "text/plain; charset=utf-8" + ";" * 300_000
    assert SecretMask(["archive-secret"]).masked(UpstreamResponse(200, {"content-type": told}, b"x")).body == b"x"


@pytest.mark.parametrize("padded", ["&#000000097;", "&#x00000061;", "&#0000000000000097;"])
def test_a_number_of_an_entity_is_read_however_it_is_padded(padded: str) -> None:
    masked = SecretMask(["archive-secret"]).masked(answer(json.dumps({"t": f"{padded}rchive-secret"}).encode()))
    assert "rchive-secret" not in masked.body.decode()


@settings(deadline=None)
@given(st.binary(max_size=200), SECRETS)
def test_what_repeats_nothing_is_the_very_same(content: bytes, secret: str) -> None:
    response = answer(content)
    assert SecretMask([secret]).masked(response) is response


def test_only_the_secret_is_masked_and_what_stands_around_it_stays() -> None:
    body = b'{"a": 1, "n": 12345678901234567890123, "error": "The key fd-secret-1 is old; use Bearer fd-secret-1."}'
    masked = json.loads(SecretMask(["fd-secret-1", "Bearer fd-secret-1"]).masked(answer(body)).body)
    error = "The key ••• is old; use Bearer •••."
    assert masked == {"a": 1, "n": "12345678901234567890123", "error": error}


def test_a_number_that_is_the_secret_is_masked() -> None:
    masked = SecretMask(["73529184"]).masked(answer(b'{"pin": 73529184, "id": 7352918}'))
    assert json.loads(masked.body) == {"pin": MASK, "id": 7352918}


def test_a_secret_behind_an_escape_does_not_break_the_json() -> None:
    assert json.loads(SecretMask(["new-secret"]).masked(answer(b'{"a": "x\\new-secret"}')).body) == {
        "a": "x\new-secret"
    }


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe comment=fd-secret-1 \x00", "image/png"),
        (b"%PDF-1.7 \xff\xfe /Author (fd-secret-1)", "application/pdf"),
        ("key: fd-secret-1".encode("utf-16-le"), "application/octet-stream"),
    ],
)
def test_a_file_that_repeats_a_secret_is_refused(content: bytes, media_type: str) -> None:
    with pytest.raises(UpstreamRevealing):
        SecretMask(["fd-secret-1"]).masked(UpstreamResponse(200, {"content-type": media_type}, content))


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "latin-1", "cp037"])
def test_a_text_is_masked_in_whatever_charset_it_comes(charset: str) -> None:
    headers = {"content-type": f"text/plain; charset={charset}"}
    masked = SecretMask(["fd-secret-1"]).masked(UpstreamResponse(200, headers, "é fd-secret-1 é".encode(charset)))
    assert (masked.body.decode(), masked.headers["content-type"]) == ("é ••• é", "text/plain; charset=utf-8")


def test_a_short_secret_is_masked_only_where_what_stands_beside_it_tells_it() -> None:
    assert len("1") < SHORTEST_SECRET
    secrets = SecretMask(["1", "Bearer 1"])
    assert json.loads(secrets.masked(answer(b'{"id": 1, "sent": "Bearer 1"}')).body) == {"id": 1, "sent": MASK}


@pytest.mark.hostile
@pytest.mark.parametrize("keyed_account", list(KINDS), indirect=True)
@pytest.mark.parametrize("form", ["as it is", "percent-quoted", "as a pair", "JSON in JSON", "each character quoted"])
@pytest.mark.parametrize("status", [200, 400])
async def test_no_entrance_shows_what_a_vendor_repeats(
    keyed_desk: McpClient,
    scripted: ScriptedVendor,
    keyed_account: IntegratedAccount,
    environment: Environment,
    people: People,
    *,
    form: str,
    status: int,
) -> None:
    """MCP with its structured content, REST, the playground with its exchange, and the record of calls."""
    echo = FORMS[form](KEY)
    scripted.status = status
    scripted.headers = {"Location": f"/x?api_key={echo}".replace("\n", ""), "Link": f'<{echo}>; rel="next"'}
    scripted.body = json.dumps({"data": [{"echo": echo, echo: 1}], "error": {"text": echo, "code": echo}}).encode()
    _, value = await database_sync_to_async(ApiToken.objects.issue)(
        environment=environment, name="t", role=Role.ADMIN, owner=people.owner
    )
    over_mcp = await keyed_desk.call(LIST)
    over_rest = await AsyncRest(value).post(f"/integrated-account/{keyed_account.pk}/tools/{LIST}", {})
    toolbox: Any = await toolbox_of(keyed_account.pk)
    trial = await sync_to_async(try_tool, thread_sensitive=True)(
        toolbox.catalogue.get(LIST),
        keyed_account,
        {},
        people.owner,
        TrialOrigin("Try it", "tool.tried", keyed_account.audit_subject, ""),
        confirmed=False,
    )
    await database_sync_to_async(recorder.flush)()
    rows = [row async for row in Call.objects.values()]
    assert len(rows) == 3
    exchange = trial.exchanges[-1]
    shown = [over_mcp, over_rest.content.decode(), trial.text, exchange.url, exchange.request, exchange.answer, rows]
    for part in shown:
        seen = part if isinstance(part, str) else json.dumps(part, default=_all_of, ensure_ascii=False)
        assert not holds(seen, KEY)
    assert MASK in trial.text


def _all_of(value: Any) -> Any:
    """Return what dataclasses hold, also what their repr leaves out."""
    slots = getattr(value, "__slots__", ())
    return {name: getattr(value, name) for name in slots} if slots else str(value)
