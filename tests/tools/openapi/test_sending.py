"""What is sent is what the document describes: every place and style, bodies, names in two places, credentials."""

import json
from typing import Any

import pytest

from accounts.models import Environment
from tests.tools.openapi.imported import document_of, make
from tests.tools.openapi.parts import COLOURS, LIST, NUMBER, OBJECT, TEXT, TEXTS, body, members, parameter
from tests.vendors.scripted import ScriptedVendor
from tools.calling.sending.meaning import remark_on

pytestmark = pytest.mark.usefixtures("transactional_db", "upstream")


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
