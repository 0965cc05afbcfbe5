"""Whatever goes wrong in the management API is answered with problem details, never with a page."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Environment, Role
from tests.people import People
from tests.rest import Rest, RestAnswer, problem, token_of

ACCOUNTS = "/integrated-account"


@pytest.fixture
def rest(admin_token: str) -> Rest:
    return Rest(admin_token)


def send(rest: Rest, body: bytes, **more: Any) -> RestAnswer:
    return rest.client.post(ACCOUNTS, body, content_type="application/json", **more)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer pbapi_x", "bearer\tx", "Basic YTpi", "Bearer a b"])
def test_request_without_a_live_token_is_unauthenticated(db: None, header: str) -> None:
    response = Client().get(ACCOUNTS, headers={"Authorization": header} if header else {})
    problem(response, 401)
    assert response["WWW-Authenticate"].startswith('Bearer realm="Patchbay"')


def test_session_of_a_person_does_not_open_the_api(client: Client, people: People) -> None:
    client.force_login(people.owner)
    problem(client.get(ACCOUNTS), 401)


def test_scheme_is_read_whatever_its_case(admin_token: str) -> None:
    assert Client(headers={"Authorization": f"bEARER  {admin_token} "}).get(ACCOUNTS).status_code == 200


def test_body_that_is_not_json_is_refused(rest: Rest) -> None:
    assert "not valid JSON" in problem(send(rest, b'{"name": '), 400)["detail"]
    problem(send(rest, b"\xff\xfe"), 400)
    assert "a number that is too large" in problem(send(rest, b'{"name": 1e400}'), 400)["detail"]


@pytest.mark.parametrize("body", [[], "text", 1, None])
def test_body_that_is_not_an_object_is_refused(rest: Rest, body: Any) -> None:
    document = problem(send(rest, json.dumps(body).encode()), 400)
    assert document["errors"][0]["field"] == "body"


def test_body_nested_too_deep_is_refused(rest: Rest) -> None:
    body = b'{"connection":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    assert "nested deeper than 64 levels" in problem(send(rest, body), 400)["detail"]


def test_body_over_the_limit_is_refused_whatever_length_it_declares(rest: Rest, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 2000
    body = json.dumps({"name": "x" * 2000}).encode()
    assert "larger than 2000 bytes" in problem(send(rest, body), 413)["detail"]


def test_body_of_unknown_length_is_refused_instead_of_taken_for_none(rest: Rest) -> None:
    response = rest.client.generic("POST", ACCOUNTS, b"", headers={"Transfer-Encoding": "chunked"})
    assert "Content-Length" in problem(response, 411)["detail"]


def test_other_media_types_are_refused(rest: Rest) -> None:
    form = rest.client.post(ACCOUNTS, {"name": "x"})
    assert "multipart/form-data" in problem(form, 415)["detail"]
    problem(rest.client.get(ACCOUNTS, headers={"Accept": "text/html"}), 406)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused_with_those_that_there_are(rest: Rest, method: str) -> None:
    response = rest.client.generic(method, ACCOUNTS)
    problem(response, 405)
    assert response["Allow"] == "GET, POST, HEAD"


def test_wrong_method_is_told_to_tokens_of_every_role(environment: Environment) -> None:
    viewer = Rest(token_of(environment, Role.VIEWER))
    problem(viewer.client.put(ACCOUNTS, {}, content_type="application/json"), 405)


@pytest.mark.parametrize(
    "path",
    [
        "/integrated-account/not-a-uuid",
        "/integrated-account/9b2f1c34-52a1-4b1c-8a58-0d3a55a3f7aa/other",
        "/integrated-account/9b2f1c34-52a1-4b1c-8a58-0d3a55a3f7aa/mcp/x/",
        "/api-token/x/y",
        "/documentation/x",
        "/integration/fuse_desk",
        "/api",
        "/api/v1/anything/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_unknown_paths_are_answered_in_json(rest: Rest, path: str, method: str) -> None:
    problem(rest.client.generic(method, path, headers={"Accept": "text/html"}), 404)


def test_id_beyond_what_a_database_counts_is_simply_not_there(rest: Rest) -> None:
    problem(rest.get("/documentation/99999999999999999999999999"), 404)


def test_failure_here_tells_nothing_of_its_cause(rest: Rest, settings: Any) -> None:
    settings.TOKEN_KEY = None
    document = problem(rest.get(ACCOUNTS), 500)
    assert document["type"].endswith(":internal")
    assert "NoneType" not in str(document)
    assert "Traceback" not in str(document)
