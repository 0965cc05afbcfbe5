"""Keys, scopes, paths, methods and bodies that the API refuses, and how it says so."""

import httpx
import pytest

from demo.simulator import ROUTES

READS = [
    "/v1/cases",
    "/v1/cases/89102",
    "/v1/cases/89102/feedback",
    "/v1/chats",
    "/v1/chats/5542",
    "/v1/emails/unassigned",
    "/v1/emails/70001",
    "/v2/contacts?search=jane",
    "/v2/contacts/4005",
    "/v2/departments",
    "/v2/departments/all",
    "/v2/departments/archived",
    "/v2/departments/4",
    "/v2/reps",
    "/v2/reps/41",
    "/v1/casetags",
    "/v2/webhooks",
]
WRITES = [
    ("POST", "/v1/cases", "cases_create"),
    ("POST", "/v1/cases/89102", "cases_update"),
    ("POST", "/v1/cases/89102/addnote", "cases_update"),
    ("POST", "/v1/cases/89102/reply", "cases_update"),
    ("POST", "/v1/cases/89102/snooze", "cases_update"),
    ("POST", "/v1/cases/89102/tag/1", "cases_update"),
    ("POST", "/v1/cases/89102/untag/1", "cases_update"),
    ("POST", "/v1/cases/update", "cases_update"),
    ("POST", "/v1/cases/89102/feedback/request", "cases_update"),
    ("POST", "/v1/cases/89102/feedback/doask", "cases_update"),
    ("POST", "/v1/cases/89102/feedback/dontask", "cases_update"),
    ("POST", "/v1/chats/5542", "chats_update"),
    ("POST", "/v1/chats/5542/close", "chats_update"),
    ("POST", "/v2/contacts", "contacts_create"),
    ("POST", "/v2/contacts/4005", "contacts_update"),
    ("POST", "/v2/departments", "departments_update"),
    ("POST", "/v2/departments/4", "departments_update"),
    ("POST", "/v2/departments/4/restore", "departments_update"),
    ("DELETE", "/v2/departments/4", "departments_update"),
    ("POST", "/v1/casetags", "casetags_update"),
    ("DELETE", "/v1/casetags/1", "casetags_update"),
    ("POST", "/v2/webhooks", "webhooks_update"),
    ("DELETE", "/v2/webhooks/1", "webhooks_update"),
]


def with_key(api: httpx.Client, key: str) -> httpx.Client:
    api.headers["X-FuseDesk-API-Key"] = key
    return api


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["X-FuseDesk-Error-Code"] == answer.json()["errorcode"] == code
    assert answer.headers["X-FuseDesk-Error"] == answer.json()["error"]
    assert answer.headers["Content-Type"] == "application/json"


def test_every_operation_is_tried_here() -> None:
    assert len(ROUTES) == len(READS) + len(WRITES) + 1


@pytest.mark.parametrize("key", [None, "", "wrong", "FD-DEMO-KEY"])
def test_a_missing_or_wrong_key_is_refused_without_being_quoted(
    stranger: httpx.Client,
    key: str | None,
) -> None:
    headers = {} if key is None else {"X-FuseDesk-API-Key": key}
    answer = stranger.get("/v1/cases", headers=headers)
    assert_refused(answer, 401, "api_error_badkey")
    assert not key or key not in answer.text


@pytest.mark.parametrize("path", READS)
def test_a_reading_key_may_read(api: httpx.Client, path: str) -> None:
    assert with_key(api, "fd-readonly-key").get(path).status_code == 200


@pytest.mark.parametrize(("method", "path", "scope"), WRITES)
def test_a_reading_key_may_not_write(api: httpx.Client, method: str, path: str, scope: str) -> None:
    answer = with_key(api, "fd-readonly-key").request(method, path)
    assert_refused(answer, 403, "api_error_noscope")
    assert scope in answer.json()["error"]


@pytest.mark.parametrize("path", READS)
def test_a_key_without_scopes_may_not_even_read(api: httpx.Client, path: str) -> None:
    assert_refused(with_key(api, "fd-noscope-key").get(path), 403, "api_error_noscope")


def test_permissions_are_shown_to_every_key(api: httpx.Client) -> None:
    full = api.get("/v1/session/permissions").json()
    reading = with_key(api, "fd-readonly-key").get("/v1/session/permissions").json()
    none = with_key(api, "fd-noscope-key").get("/v1/session/permissions").json()
    assert {"cases", "cases_create", "cases_update", "reps", "departments", "integrations"} <= set(full)
    assert set(reading) < set(full)
    assert not any(scope.endswith(("_create", "_update")) for scope in reading)
    assert none == []


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v1/case", "/v2/cases", "/v1/cases/89102/history"])
def test_an_unknown_path_is_not_found(api: httpx.Client, path: str) -> None:
    assert_refused(api.get(path), 404, "api_error_notfound")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/cases/89102", "GET, POST"),
        ("PUT", "/v1/cases", "GET, POST"),
        ("GET", "/v1/cases/update", "POST"),
        ("POST", "/v1/chats", "GET"),
        ("PATCH", "/v2/departments/4", "DELETE, GET, POST"),
        ("POST", "/v1/session/permissions", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    api: httpx.Client,
    method: str,
    path: str,
    allowed: str,
) -> None:
    answer = api.request(method, path)
    assert_refused(answer, 405, "api_error_method")
    assert answer.headers["Allow"] == allowed


def test_a_body_of_more_than_one_mebibyte_is_refused(api: httpx.Client) -> None:
    most = 1024 * 1024 - len("note=")
    assert api.post("/v1/cases/89102/addnote", data={"note": "x" * most}).status_code == 200
    answer = api.post("/v1/cases/89102/addnote", data={"note": "x" * (most + 1)})
    assert_refused(answer, 413, "api_error_toolarge")


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("{", "application/json"),
        ("[]", "application/json"),
        ("note=x", "text/plain"),
        (b"note=\xff", "application/x-www-form-urlencoded"),
        ("&".join(f"a{number}=1" for number in range(1001)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api: httpx.Client, body: str | bytes, media_type: str) -> None:
    answer = api.post("/v1/cases/89102/addnote", content=body, headers={"Content-Type": media_type})
    assert_refused(answer, 400, "api_error_badrequest")


def test_an_error_header_is_ascii_whatever_was_sent(api: httpx.Client) -> None:
    answer = api.get("/v1/cases", params={"status": "schläft\r\nX-Evil: 1"})
    assert_refused(answer, 400, "api_error_badrequest")
    assert "X-Evil" not in answer.headers
