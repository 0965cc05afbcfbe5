"""What is sent is what the document describes: every place and style, bodies, names in two places, credentials."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Environment
from tests.tools.openapi.imported import Imported, document_of, imported
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.meaning import remark_on
from tools.openapi.proposal import propose
from tools.openapi.reading.document import read

pytestmark = pytest.mark.usefixtures("transactional_db", "upstream")

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT}
COLOURS = {"type": "object", "properties": {"R": NUMBER, "G": NUMBER}}
LIST, OBJECT = ["blue", "b,l/k"], {"R": 100, "G": 200}
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


def parameter(place: str, schema: Any, name: str = "color", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, "required": place == "path", **more}


def body(schema: Any, media_type: str = "application/json", *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"required": required, "content": {media_type: {"schema": schema, **more}}}


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


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


async def test_one_name_in_two_places_is_two_arguments_unless_both_mean_the_same(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    status = {"type": "string", "description": "Which tickets to take."}
    page = {"type": "string", "description": "The time zone of all dates."}
    acme = await make(
        environment, scripted,
        document_of({
            "/move": {"post": {"parameters": [parameter("query", status, "status", required=True)],
                               "requestBody": body(members(status={**NUMBER, "description": "The new one."}))}},
            "/values": {"post": {"parameters": [parameter("query", TEXT, "body")],
                                 "requestBody": body({"type": "array", "items": NUMBER}, required=True)}},
            "/zone": {"post": {"parameters": [parameter("query", page, "zone")],
                               "requestBody": body(members(zone=page, a=TEXT))}},
            "/all/{v}": {"post": {"parameters": [parameter(each, TEXT, "v") for each in
                                                 ("path", "query", "header", "cookie")],
                                  "requestBody": body(members(v=TEXT))}},
            "/orders/{order_id}": {"put": {"parameters": [parameter("path", TEXT, "order_id")],
                                           "requestBody": body(members(order_id=NUMBER, note=TEXT), required=True)}},
            # Described differently, an id is not the same either.
            "/apps/{app_id}": {"post": {"parameters": [parameter("path", TEXT, "app_id", description="The app.")],
                                        "requestBody": body(members(app_id={**TEXT, "description": "At Facebook."}))}},
        }),
    )  # fmt: skip
    await acme.call("POST /move", {"status_query": "open", "status": 3})
    assert (scripted.last.parameters, scripted.last.json()) == ([("status", "open")], {"status": 3})
    await acme.call("POST /values", {"body_query": "x", "body": [1, 2]})
    assert (scripted.last.parameters, scripted.last.json()) == ([("body", "x")], [1, 2])
    await acme.call("POST /zone", {"zone": "UTC", "a": "b"})
    assert (scripted.last.parameters, scripted.last.json()) == ([("zone", "UTC")], {"zone": "UTC", "a": "b"})
    everywhere = {"current_v": "p", "v_query": "q", "v_header": "h", "v_cookie": "c", "v": "b"}
    assert (await acme.schema("POST /all/{v}"))["properties"].keys() == everywhere.keys()
    await acme.call("POST /all/{v}", everywhere)
    last = scripted.last
    assert (last.path, last.query, last.header("v"), last.header("cookie")) == ("/all/p", "v=q", ["h"], ["v=c"])
    assert last.json() == {"v": "b"}
    # An id has the type of each place; where the body cannot take it, it is only in the path.
    for given, sent in (("450789469", {"order_id": 450789469}), ("x7", {}), (12345678901234567890, None)):
        await acme.call("PUT /orders/{order_id}", {"order_id": given, "note": "n"})
        assert scripted.last.path == f"/orders/{given}"
        assert scripted.last.json() == {"note": "n", **({"order_id": int(given)} if sent is None else sent)}
    await acme.call("POST /apps/{app_id}", {"current_app_id": "ours", "app_id": "facebook"})
    assert (scripted.last.path, scripted.last.json()) == ("/apps/ours", {"app_id": "facebook"})


SHARED: list[tuple[str, str, dict[str, Any], dict[str, Any], bool]] = [
    ("post", "id", {"description": "The user that stays."}, {"description": "Merged in, and deleted."}, False),
    ("post", "id", {}, {"description": "Another user."}, False),
    ("post", "folder_id", {"description": "The folder to move."}, {"description": "The target folder."}, False),
    ("put", "code", {"description": "The coupon."}, {"description": "The new code."}, False),
    ("put", "number", {}, {}, False),
    ("put", "wallet_key", {"description": "Who pays."}, {}, False),
    ("put", "slug", {"description": "The slug"}, {"description": "The slug."}, True),
    ("put", "order_id", {"description": "The order."}, {}, True),
    ("put", "id", {}, {}, True),
    ("post", "id", {"description": "The user."}, {"description": "The user"}, True),
    ("put", "name", {"description": "The label."}, {"description": "The label."}, False),
]


async def test_an_id_in_path_and_body_is_one_argument_only_where_both_say_so(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    paths: dict[str, Any] = {}
    for count, (http, name, in_path, in_body, _) in enumerate(SHARED):
        held = {**members(**{name: {**TEXT, **in_body}}, note=TEXT), "required": [name]}
        one = {"parameters": [parameter("path", TEXT, name, **in_path)], "requestBody": body(held, required=True)}
        paths[f"/e{count}/{{{name}}}/x"] = {http: one}
    clash = {"parameters": [parameter("path", TEXT, "name")],
             "requestBody": body(members(name=TEXT, current_name=TEXT), required=True)}  # fmt: skip
    acme = await make(environment, scripted, document_of({**paths, "/clash/{name}": {"put": clash}}))
    for count, (http, name, _, _, is_one) in enumerate(SHARED):
        operation = f"{http.upper()} /e{count}/{{{name}}}/x"
        given = {name: "b"} if is_one else {f"current_{name}": "a", name: "b"}
        assert (await acme.schema(operation))["properties"].keys() == {*given, "note"}, operation
        await acme.call(operation, given)
        assert (scripted.last.path, scripted.last.json()) == (f"/e{count}/{'b' if is_one else 'a'}/x", {name: "b"})
    await acme.call("PUT /clash/{name}", {"current_current_name": "a", "name": "b", "current_name": "c"})
    assert (scripted.last.path, scripted.last.json()) == ("/clash/a", {"name": "b", "current_name": "c"})


async def test_an_id_in_the_body_is_the_new_records_where_the_path_goes_on_to_its_collection(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    held = {**members(id=TEXT), "required": ["id"]}
    wrapped = {**members(service=held), "required": ["service"]}
    one = {"parameters": [parameter("path", TEXT, "id")], "requestBody": body(wrapped, required=True)}
    flat = {**one, "requestBody": body(held, required=True)}
    paths: dict[str, Any] = {"/triggers/{id}/services": {"post": one}, "/teams/{id}/members": {"post": flat}}
    paths |= {"/teams/{id}": {"put": flat}, "/teams/{id}/enable": {"post": flat}}
    acme = await make(environment, scripted, document_of(paths))
    for path, sent in (("triggers/{id}/services", {"service": {"id": "b"}}), ("teams/{id}/members", {"id": "b"})):
        await acme.call(f"POST /{path}", {"current_id": "a", "id": "b"})
        assert (scripted.last.path, scripted.last.json()) == (f"/{path}".replace("{id}", "a"), sent)
    for operation in ("PUT /teams/{id}", "POST /teams/{id}/enable"):
        await acme.call(operation, {"id": "a"})
        assert scripted.last.json() == {"id": "a"}


async def test_a_body_that_may_be_left_out_is_and_one_that_may_not_is_not(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    needed = {**members(title=TEXT, note=TEXT), "required": ["title"]}
    acme = await make(
        environment, scripted,
        document_of({
            "/tasks/{id}": {"delete": {"parameters": [parameter("path", TEXT, "id")],
                                       "requestBody": body(members(reason=TEXT, id=TEXT))},
                            "post": {"parameters": [parameter("path", TEXT, "id")], "requestBody": body(needed)}},
            "/form": {"post": {"requestBody": body(needed, "application/x-www-form-urlencoded")}},
            "/files": {"post": {"requestBody": body(needed, "multipart/form-data")}},
            "/forced": {"post": {"requestBody": body(members(a=TEXT), required=True)}},
        }),
    )  # fmt: skip
    for operation in ("DELETE /tasks/{id}", "POST /tasks/{id}", "POST /form", "POST /files"):
        given = {"id": "1"} if "{id}" in operation else {}
        await acme.call(operation, given)
        assert (scripted.last.body, scripted.last.header("content-type")) == (b"", []), operation
        if "note" in (await acme.schema(operation))["properties"]:
            words = await acme.failure(operation, {**given, "note": "x"})
            assert "title is required where note is given" in words
    await acme.call("POST /tasks/{id}", {"id": "1", "title": "x"})
    assert scripted.last.json() == {"title": "x"}
    await acme.call("POST /forced", {})
    assert (scripted.last.body, scripted.last.media_type) == (b"{}", "application/json")


async def test_forms_and_parts_are_written_as_documented(environment: Environment, scripted: ScriptedVendor) -> None:
    objects = {"type": "array", "items": COLOURS}
    plain = members(a=TEXT, l=TEXTS, o=COLOURS, lo=objects)
    styled = members(c=TEXTS, s=TEXTS, d=COLOURS, m=COLOURS, j=TEXTS, k=COLOURS, t=TEXT)
    encoding: Any = {
        "c": {"explode": False}, "s": {"style": "spaceDelimited"}, "d": {"style": "deepObject", "explode": True},
        "m": {"style": "form"}, "j": {"contentType": "application/json"}, "k": {"style": "form", "explode": False},
        "t": {"contentType": "application/json"},
    }  # fmt: skip
    binary = {"type": "string", "format": "binary"}
    parts = members(metadata=COLOURS, sdp=TEXT, file=binary, files={"type": "array", "items": binary},
                    tags=TEXTS, lo=objects, note=TEXT)  # fmt: skip
    types = {"sdp": {"contentType": "application/sdp"}, "file": {"contentType": "image/png, image/jpeg"}}
    form = "application/x-www-form-urlencoded"
    acme = await make(
        environment, scripted,
        document_of({
            "/plain": {"post": {"requestBody": body(plain, form)}},
            "/styled": {"post": {"requestBody": body(styled, form, encoding=encoding)}},
            "/parts": {"post": {"requestBody": body(parts, "multipart/form-data", encoding=types)}},
        }),
    )  # fmt: skip
    await acme.call("POST /plain", {"a": "x y", "l": LIST, "o": OBJECT, "lo": [OBJECT, {"R": 1}]})
    assert scripted.last.body.decode() == (
        "a=x+y&l=blue&l=b%2Cl%2Fk&o=%7B%22R%22%3A100%2C%22G%22%3A200%7D"
        "&lo=%7B%22R%22%3A100%2C%22G%22%3A200%7D&lo=%7B%22R%22%3A1%7D"
    )
    await acme.call("POST /styled", {"c": LIST, "s": LIST, "d": OBJECT, "m": OBJECT, "j": LIST, "k": OBJECT, "t": "x"})
    assert scripted.last.body.decode() == (
        "c=blue,b%2Cl%2Fk&s=blue%20b%2Cl%2Fk&d%5BR%5D=100&d%5BG%5D=200&R=100&G=200"
        "&j=%5B%22blue%22%2C%22b%2Cl%2Fk%22%5D&k=R,100,G,200&t=%22x%22"
    )
    shown = await acme.call("POST /plain", {"a": "x", "l": []})
    # A list without items has no field (RFC 6570, section 2.3), as one with a separator has none.
    assert (scripted.last.body, shown["remarks"]) == (b"a=x", [remark_on(["l ([])"])])
    await acme.call("POST /styled", {"c": [], "j": [], "s": ["t"]})
    assert scripted.last.body == b"s=t&j=%5B%5D"
    filled_in = {"text": "", "content_base64": "", "filename": "", "media_type": ""}
    await acme.call("POST /parts", {"note": "n", "file": filled_in, "files": [], "metadata": {}, "tags": None})
    assert [part.get_param("name", header="content-disposition") for part in scripted.last.parts()] == [
        "metadata",
        "note",
    ]
    for forged in ({"_method": "DELETE"}, {"c": "x"}):
        assert await acme.failure("POST /styled", {"c": LIST, "m": forged})
    await acme.call(
        "POST /parts",
        {"metadata": OBJECT, "sdp": "v=0", "file": {"content_base64": "aGk=", "text": ""}, "tags": ["a", "b"],
         "files": [{"text": "x", "media_type": "text/csv"}], "lo": [OBJECT, {"R": 1}], "note": "n"},
    )  # fmt: skip
    sent = [
        (part.get_param("name", header="content-disposition"), part["content-type"], part.get_payload(decode=True))
        for part in scripted.last.parts()
    ]
    assert sent == [
        ("metadata", "application/json", b'{"R":100,"G":200}'), ("sdp", "application/sdp", b"v=0"),
        ("file", "image/png", b"hi"), ("files", "text/csv", b"x"), ("tags", None, b"a"), ("tags", None, b"b"),
        ("lo", "application/json", b'{"R":100,"G":200}'), ("lo", "application/json", b'{"R":1}'), ("note", None, b"n"),
    ]  # fmt: skip


async def test_encoded_contents_of_31_are_told_and_json_in_a_text_is_no_file(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    encoded = {**TEXT, "contentEncoding": "base64"}
    parts = members(data={**TEXT, "contentMediaType": "application/json"}, png={"contentMediaType": "image/png"})
    acme = await make(
        environment, scripted,
        document_of({"/json": {"post": {"requestBody": body(members(image=encoded), required=True)}},
                     "/parts": {"post": {"requestBody": body(parts, "multipart/form-data", required=True)}}}),
    )  # fmt: skip
    assert (await acme.schema("POST /json"))["properties"]["image"]["description"] == "In Base64."
    described = (await acme.schema("POST /parts"))["properties"]
    assert (described["data"]["type"], described["png"]["type"]) == ("string", "object")


async def test_a_file_as_json_text_is_that_file(environment: Environment, scripted: ScriptedVendor) -> None:
    binary = {"type": "string", "format": "binary"}
    parts = members(file=binary, files={"type": "array", "items": binary})
    acme = await make(
        environment, scripted,
        document_of({"/png": {"put": {"requestBody": body(binary, "image/png", required=True)}},
                     "/parts": {"post": {"requestBody": body(parts, "multipart/form-data", required=True)}}}),
    )  # fmt: skip
    for text, sent in (
        ('{"content_base64": "aGk="}', b"hi"), ('{"text": "hi", "filename": "a"}', b"hi"), ('{"a": 1}', b'{"a": 1}'),
        ('{"text": "hi", "a": 1}', b'{"text": "hi", "a": 1}'), ('{"filename": "a"}', b'{"filename": "a"}'),
        ('[{"text": "hi"}]', b'[{"text": "hi"}]'), ("{", b"{"),
    ):  # fmt: skip
        await acme.call("PUT /png", {"body": text})
        assert scripted.last.body == sent
    one = '{"content_base64": "aGk=", "filename": "a.png"}'
    for given in ({"file": one}, {"files": f"[{one}]"}, {"files": [one]}, {"files": [json.loads(one)]}):
        await acme.call("POST /parts", given)
        (part,) = scripted.last.parts()
        assert (part.get_filename(), part.get_payload(decode=True)) == ("a.png", b"hi"), given
    await acme.call("POST /parts", {"file": '[{"text": "hi"}]'})
    assert scripted.last.parts()[0].get_payload(decode=True) == b'[{"text": "hi"}]'


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


async def test_what_an_open_body_does_not_name_goes_into_it(environment: Environment, scripted: ScriptedVendor) -> None:
    further = {**members(summary=TEXT), "additionalProperties": TEXT}
    acme = await make(
        environment, scripted, document_of({"/issue": {"post": {"requestBody": body(further, required=True)}}})
    )
    await acme.call("POST /issue", {"summary": "a", "customfield_1": "b", "n": 7})
    assert scripted.last.json() == {"summary": "a", "customfield_1": "b", "n": "7"}
    assert "_method" in await acme.failure("POST /issue", {"summary": "a", "_method": "DELETE"})


async def test_null_is_sent_where_the_document_allows_it(environment: Environment, scripted: ScriptedVendor) -> None:
    nullable = {"type": "string", "nullable": True}
    inner = members(plan=nullable, name=TEXT)
    either = {"oneOf": [{"type": "null"}, NUMBER]}
    needed = {**members(rdns=nullable), "required": ["rdns"]}
    schema = members(until=nullable, n={"type": ["integer", "null"]}, custom=inner, either=either, title=TEXT,
                     lines={"type": "array", "items": inner}, free={"type": "object"})  # fmt: skip
    acme = await make(
        environment, scripted,
        document_of({
            "/m/{id}": {"patch": {"parameters": [parameter("path", TEXT, "id")],
                                  "requestBody": body(schema, required=True)}},
            "/ip/{id}": {"put": {"parameters": [parameter("path", TEXT, "id")],
                                 "requestBody": body(needed, required=True)}},
        }, openapi="3.0.3"),
    )  # fmt: skip
    kept: list[dict[str, Any]] = [
        {"until": None}, {"n": None}, {"custom": {"plan": None}}, {"either": None}, {"free": {"a": None}},
        {"lines": [{"plan": None, "name": "x"}]},
    ]  # fmt: skip
    for given in kept:
        shown = await acme.call("PATCH /m/{id}", {"id": "1", **given})
        assert (scripted.last.json(), shown) == (given, {})
    await acme.call("PUT /ip/{id}", {"id": "1", "rdns": None})
    assert scripted.last.json() == {"rdns": None}
    count = len(scripted.received)
    lost: list[dict[str, Any]] = [{"title": None}, {"custom": {"name": None}}, {"lines": [{"name": None}]}]
    for given in lost:
        assert "so nothing would be changed" in await acme.failure("PATCH /m/{id}", {"id": "1", **given})
    assert len(scripted.received) == count
    shown = await acme.call("PATCH /m/{id}", {"id": "1", "until": None, "title": None})
    assert (scripted.last.json(), shown["remarks"]) == (
        {"until": None}, ["Not sent, since the documentation allows no such value: title (null)."],
    )  # fmt: skip


async def test_answers_are_asked_for_by_the_types_that_are_documented(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    def answering(*types: str) -> dict[str, Any]:
        content = {each: {"schema": {"type": "object"}} for each in types}
        return {"get": {"responses": {"200": {"description": "OK", "content": content}}}}

    acme = await make(
        environment, scripted,
        document_of({
            "/api": answering("application/vnd.api+json; charset=utf-8"), "/usual": answering("application/json"),
            "/both": answering("application/hal+json", "application/json"), "/any": answering("*/*"),
            "/version": answering("application/vnd.x+json;version=2; charset=utf-8"),
            "/ext": {"post": {"requestBody": body(members(a=TEXT), "application/vnd.api+json; ext=bulk")}},
            "/raw": {"post": {"requestBody": body(TEXT, 'text/x; profile="a b"; charset=utf-8', required=True)}},
            "/two": answering("application/hal+json", "application/vnd.x+json", "text/csv"),
        }),
    )  # fmt: skip
    asked = {}
    await acme.call("POST /ext", {"a": "x"})
    assert scripted.last.header("content-type") == ["application/vnd.api+json; ext=bulk"]
    await acme.call("POST /raw", {"body": "x"})
    assert scripted.last.header("content-type") == ['text/x; profile="a b"; charset=utf-8']
    for operation in [name for name in acme.tools if name.startswith("GET")]:
        await acme.call(operation, {})
        asked[operation] = scripted.last.header("accept")
    assert asked == {
        "GET /api": ["application/vnd.api+json"], "GET /usual": ["application/json"],
        "GET /both": ["application/json"], "GET /any": ["application/json"],
        "GET /version": ["application/vnd.x+json; version=2"],
        "GET /two": ["application/hal+json, application/vnd.x+json"],
    }  # fmt: skip


async def test_a_cookie_of_the_account_and_those_of_arguments_go_together(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    schemes = {"securitySchemes": {"k": {"type": "apiKey", "in": "cookie", "name": "sid"}}}
    cookies = [parameter("cookie", TEXT, "theme"), parameter("cookie", TEXT, "sid", required=True)]
    text = document_of({"/a": {"get": {"parameters": cookies}}}, components=schemes)
    acme = await make(environment, scripted, text, {"api_key": "acme-secret"})
    await acme.call("GET /a", {"theme": "dark; sid=forged"})
    assert scripted.last.header("cookie") == ["sid=acme-secret; theme=dark%3B%20sid%3Dforged"]


async def test_credentials_that_only_parameters_describe_are_connection_fields(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    key = parameter("header", TEXT, "Api-Key", required=True)
    text = document_of({"/images": {"get": {"parameters": [key]}}}, security=[], components={})
    acme = await make(environment, scripted, text, {"api_key": "acme-secret"})
    assert (await acme.schema("GET /images"))["properties"].keys() <= {"limit", "next_cursor"}
    await acme.call("GET /images", {})
    assert scripted.last.header("api-key") == ["acme-secret"]


@pytest.mark.parametrize(
    ("parameters", "with_scheme", "expected"),
    [
        ([parameter("query", TEXT, "api_key")], False, {"kind": "api_key", "query": "api_key", "value": "{api_key}"}),
        (
            [parameter("header", {**TEXT, "example": "Bearer abc"}, "Authorization")],
            False,
            {"kind": "api_key", "header": "Authorization", "value": "Bearer {api_key}"},
        ),
        ([parameter("header", TEXT, "Authorization")], False, {"kind": "bearer", "token": "{token}"}),
        (
            [parameter("header", TEXT, "Authorization", description="Basic authentication")],
            False,
            {"kind": "basic", "username": "{username}", "password": "{password}"},
        ),
        (
            [parameter("header", TEXT, "X-Api-Key", required=True)],
            True,
            {"kind": "api_keys", "keys": [{"header": "Authorization", "value": "Bearer {token}"},
                                          {"header": "X-Api-Key", "value": "{x_api_key}"}]},
        ),
        ([parameter("header", TEXT, "X-Api-Key")], True, {"kind": "bearer", "token": "{token}"}),
    ],
)  # fmt: skip
def test_credentials_among_the_parameters(parameters: Any, with_scheme: bool, expected: dict[str, Any]) -> None:
    more: dict[str, Any] = {} if with_scheme else {"security": [], "components": {}}
    text = document_of({"/a": {"get": {"parameters": parameters}}, "/b": {"get": {"parameters": parameters}}}, **more)
    made = propose(read(text), name="acme").document
    assert made["authentication"] == expected
    assert all(field.get("secret") or field["name"] == "username" for field in made["connection_fields"])


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


async def make(
    environment: Environment, vendor: ScriptedVendor, text: str, fields: dict[str, str] | None = None
) -> Imported:
    return await sync_to_async(imported)(environment, vendor, text, fields)
