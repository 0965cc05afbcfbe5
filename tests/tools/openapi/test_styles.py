"""Every style of every place is written as OpenAPI's examples show it."""

import json
from typing import Any

import pytest

from accounts.models import Environment
from tests.tools.openapi.imported import document_of, make
from tests.tools.openapi.parts import COLOURS, LIST, NUMBER, OBJECT, TEXT, TEXTS, body, members, parameter
from tests.vendors.scripted import ScriptedVendor
from tools.openapi.proposal import propose
from tools.openapi.reading.document import read

pytestmark = pytest.mark.usefixtures("transactional_db", "upstream")

# OpenAPI 3.1.1, Style Examples; an item's comma and slash are encoded, a style's own separators as shown.
PATH = [
    ("simple", False, TEXT, "blue", "blue"), ("simple", False, TEXTS, ["blue", "b,k"], "blue,b%2Ck"),
    ("simple", True, TEXTS, ["blue", "b"], "blue,b"), ("simple", False, COLOURS, OBJECT, "R,100,G,200"),
    ("simple", True, COLOURS, OBJECT, "R=100,G=200"), ("label", False, TEXT, "blue", ".blue"),
    ("label", False, TEXTS, ["blue", "b"], ".blue,b"), ("label", True, TEXTS, ["blue", "b"], ".blue.b"),
    ("label", False, COLOURS, OBJECT, ".R,100,G,200"), ("label", True, COLOURS, OBJECT, ".R=100.G=200"),
    ("matrix", False, TEXT, "blue", ";color=blue"), ("matrix", False, TEXTS, ["blue", "b"], ";color=blue,b"),
    ("matrix", True, TEXTS, ["blue", "b"], ";color=blue;color=b"),
    ("matrix", False, COLOURS, OBJECT, ";color=R,100,G,200"), ("matrix", True, COLOURS, OBJECT, ";R=100;G=200"),
]  # fmt: skip
QUERY = [
    ("form", True, TEXT, "a b", "color=a%20b"), ("form", True, TEXTS, LIST, "color=blue&color=b%2Cl%2Fk"),
    ("form", False, TEXTS, LIST, "color=blue,b%2Cl%2Fk"), ("form", True, COLOURS, OBJECT, "R=100&G=200"),
    ("form", False, COLOURS, OBJECT, "color=R,100,G,200"),
    ("spaceDelimited", False, TEXTS, LIST, "color=blue%20b%2Cl%2Fk"),
    ("spaceDelimited", False, COLOURS, OBJECT, "color=R%20100%20G%20200"),
    ("spaceDelimited", True, TEXTS, LIST, "color=blue&color=b%2Cl%2Fk"),
    ("pipeDelimited", False, TEXTS, LIST, "color=blue%7Cb%2Cl%2Fk"),
    ("pipeDelimited", False, COLOURS, OBJECT, "color=R%7C100%7CG%7C200"),
    ("deepObject", True, COLOURS, OBJECT, "color%5BR%5D=100&color%5BG%5D=200"),
]  # fmt: skip
HEADER = [
    (False, TEXT, "a b", "a b"), (False, TEXTS, ["blue", "b"], "blue,b"), (True, TEXTS, ["blue", "b"], "blue,b"),
    (False, COLOURS, OBJECT, "R,100,G,200"), (True, COLOURS, OBJECT, "R=100,G=200"),
]  # fmt: skip


async def test_every_style_of_every_place_is_written_as_documented(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    paths: dict[str, Any] = {}
    for count, (style, explode, schema, _, _) in enumerate(PATH):
        paths[f"/p{count}/{{color}}"] = {
            "get": {"parameters": [parameter("path", schema, style=style, explode=explode)]}
        }
    for count, (style, explode, schema, _, _) in enumerate(QUERY):
        paths[f"/q{count}"] = {"get": {"parameters": [parameter("query", schema, style=style, explode=explode)]}}
    for count, (explode, schema, _, _) in enumerate(HEADER):
        paths[f"/h{count}"] = {"get": {"parameters": [parameter("header", schema, "X-Color", explode=explode)]}}
        paths[f"/c{count}"] = {"get": {"parameters": [parameter("cookie", schema, explode=False)]}}
    acme = await make(environment, scripted, document_of(paths))
    for count, (_, _, _, value, sent) in enumerate(PATH):
        await acme.call(f"GET /p{count}/{{color}}", {"color": value})
        assert scripted.last.path == f"/p{count}/{sent}"
    for count, (_, _, _, value, sent) in enumerate(QUERY):
        await acme.call(f"GET /q{count}", {"color": value})
        assert scripted.last.query == sent
    for count, (_, _, value, sent) in enumerate(HEADER):
        await acme.call(f"GET /h{count}", {"X-Color": value})
        assert scripted.last.header("x-color") == [sent]
    cookies = ["color=a%20b", "color=blue,b", "color=blue,b", "color=R,100,G,200", "color=R,100,G,200"]
    for count, ((_, _, value, _), cookie) in enumerate(zip(HEADER, cookies, strict=True)):
        await acme.call(f"GET /c{count}", {"color": value})
        assert scripted.last.header("cookie") == [cookie]
        await acme.call(f"GET /c{count}", {})
        assert scripted.last.header("cookie") == []


async def test_content_in_json_and_reserved_characters_are_written_as_documented(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    in_json = {"name": "q", "in": "query", "content": {"application/json": {"schema": TEXT}}}
    window = {"type": "object", "additionalProperties": {}}
    open_window = {"name": "w", "in": "query", "content": {"application/json": {"schema": window}}}
    reserved = parameter("query", TEXT, "to", allowReserved=True)
    acme = await make(
        environment, scripted,
        document_of({
            "/json": {"get": {"parameters": [in_json, open_window]}},
            "/reserved": {"get": {"parameters": [reserved, parameter("query", TEXT, "other")]}},
            "/empty": {"get": {"parameters": [parameter("query", TEXT, "flag", allowEmptyValue=True),
                                              parameter("query", TEXT, "other"),
                                              parameter("query", TEXTS, "list")]}},
        }),
    )  # fmt: skip
    await acme.call("GET /json", {"q": 'x"'})
    assert scripted.last.parameters == [("q", '"x\\""')]
    await acme.call("GET /json", {"q": None, "w": {"a": None, "b": ""}})
    assert scripted.last.parameters == [("w", '{"a":null}')]
    await acme.call("GET /reserved", {"to": "https://a.example/b?c=d&e=f#g+h;i", "other": "a/b"})
    assert scripted.last.query == "to=https://a.example/b?c=d%26e=f%23g%2Bh%3Bi&other=a%2Fb"
    await acme.call("GET /empty", {"flag": "", "other": "", "list": []})
    assert scripted.last.query == "flag="


SLASHES: list[tuple[dict[str, Any], str, str]] = [
    ({"schema": {**TEXT, "example": "linode/debian11"}}, "linode/debian11", "linode%2Fdebian11"),
    ({"description": "Id or URL-encoded path of the project."}, "a/b/c", "a%2Fb%2Fc"),
    ({"description": "The path, with slashes as %2F."}, "a%2Fb", "a%2Fb"),
    ({"allowReserved": True}, "a/b:c", "a%2Fb%3Ac"),
    ({"examples": {"one": {"value": "refs/heads/x"}}}, "refs/heads/y z", "refs%2Fheads%2Fy%20z"),
    ({"description": "The full name, e.g. `library/nginx`."}, "my%20x%2Fy", "my%20x%2Fy"),
]


async def test_a_slash_in_a_path_value_is_encoded_where_the_document_expects_one(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    paths: dict[str, Any] = {
        f"/i{count}/{{id}}/x": {"get": {"parameters": [{**parameter("path", TEXT, "id"), **more}]}}
        for count, (more, _, _) in enumerate(SLASHES)
    }
    paths["/plain/{id}"] = {
        "get": {"parameters": [parameter("path", {**TEXT, "example": "https://a.example/b"}, "id")]}
    }
    acme = await make(environment, scripted, document_of(paths))
    for count, (_, value, sent) in enumerate(SLASHES):
        await acme.call(f"GET /i{count}/{{id}}/x", {"id": value})
        assert scripted.last.path == f"/i{count}/{sent}/x"
    for escape in ("a/../b", "..", "a/%2e%2e/b", "a//b", "/a", "a/", "a\\b", "a/%252e%252e", "a%252Fb", "a/.;x"):
        assert "cannot be an id" in await acme.failure("GET /i0/{id}/x", {"id": escape}), escape
    assert "cannot be an id" in await acme.failure("GET /plain/{id}", {"id": "a/b"})
    assert len(scripted.received) == len(SLASHES)


async def test_values_that_share_a_segment_stay_in_it(environment: Environment, scripted: ScriptedVendor) -> None:
    both = {"parameters": [parameter("path", TEXT, "a"), parameter("path", TEXT, "b")]}
    one = {"parameters": [parameter("path", TEXT, "a")]}
    acme = await make(
        environment, scripted,
        document_of({"/g/{a}{b}/z": {"get": both}, "/h/%2{a}/z": {"get": one}, "/i/{a}.json": {"get": one}}),
    )  # fmt: skip
    assert set(acme.tools) >= {"GET /g/{a}{b}/z", "GET /i/{a}.json"}
    for first, second in (("%2", "e%2e"), ("%2", "Fadmin"), ("x%", "5c.."), ("%25", "2fx"), ("%2", "f..")):
        assert "cannot be" in await acme.failure("GET /g/{a}{b}/z", {"a": first, "b": second}), (first, second)
    for value in ("Fadmin", "f.."):
        assert "cannot be" in await acme.failure("GET /h/%2{a}/z", {"a": value})
    assert scripted.received == []
    await acme.call("GET /g/{a}{b}/z", {"a": "5%", "b": ".x"})
    assert scripted.last.path == "/g/5%25.x/z"
    await acme.call("GET /i/{a}.json", {"a": "..x"})
    assert scripted.last.path == "/i/..x.json"


async def test_members_that_are_spread_take_no_other_place(environment: Environment, scripted: ScriptedVendor) -> None:
    few, free = {**NUMBER, "maximum": 10}, {"type": "object", "additionalProperties": TEXT}
    ex = members(label=TEXT, secret={**TEXT, "readOnly": True})
    spread = {"style": "form", "explode": True}
    paths: dict[str, Any] = {
        "/query": {"get": {"parameters": [parameter("query", free, "o", **spread), parameter("query", few, "amount"),
                                          parameter("query", TEXT, "access_token")]}},
    }  # fmt: skip
    forms = ("application/x-www-form-urlencoded", "multipart/form-data")
    for count, media_type in enumerate(forms):
        described = members(ex=ex, free=free, amount=few)
        held = body(described, media_type, encoding={"ex": spread, "free": spread})
        open_held = body({**described, "additionalProperties": TEXT}, media_type)
        paths |= {
            f"/form{count}": {"post": {"requestBody": held}},
            f"/open{count}": {"post": {"requestBody": open_held}},
        }
    acme = await make(environment, scripted, document_of(paths))
    forged: list[tuple[str, dict[str, Any]]] = [
        ("GET /query", {"o": {"access_token": "evil"}}), ("GET /query", {"o": {"amount": "99999"}}),
        *((f"POST /form{count}", {name: {member: "99999"}}) for count in range(len(forms))
          for name in ("ex", "free") for member in ("amount", "API_Key")),
        *((f"POST /form{count}", {"ex": {"secret": "x"}}) for count in range(len(forms))),
        *((f"POST /open{count}", {"access_token": "x"}) for count in range(len(forms))),
    ]  # fmt: skip
    for operation, given in forged:
        assert "Nothing was sent" in await acme.failure(operation, given), (operation, given)
    assert scripted.received == []
    await acme.call("GET /query", {"o": {"a": "b"}, "amount": 3})
    assert ("a", "b") in scripted.last.parameters
    await acme.call("POST /form0", {"ex": {"label": "x"}, "free": {"a": "b"}, "amount": 3})
    assert scripted.last.body == b"label=x&a=b&amount=3"


def test_collections_of_swagger_are_written_as_documented() -> None:
    formats = {"csv": None, "ssv": "space", "tsv": "tab", "pipes": "pipe"}
    operation: dict[str, Any] = {
        "responses": {"200": {"description": "OK"}},
        "parameters": [
            {"name": f"{place}_{each}", "in": place, "type": "array", "items": TEXT, "collectionFormat": each,
             "required": place == "path"}
            for place in ("path", "query", "header") for each in formats
        ],
    }  # fmt: skip
    path = "/x/" + "/".join(f"{{path_{each}}}" for each in formats)
    whole = {
        "swagger": "2.0",
        "info": {"title": "A", "version": "1"},
        "host": "a.example",
        "paths": {path: {"get": operation}},
    }
    proposal = propose(read(json.dumps(whole)), name="acme")
    assert proposal.refused == []
    [resource] = proposal.document["resources"].values()
    [method] = resource["methods"].values()
    assert method["path_styles"] == {f"path_{each}": style for each, style in formats.items() if style}
    queries = {f"query_{each}": style or "comma" for each, style in formats.items()}
    headers = {f"header_{each}": style for each, style in formats.items() if style}
    assert method["query_styles"] == {**queries, **headers}
