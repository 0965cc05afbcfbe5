"""The control endpoint: what it shows, what it refuses, and what each knob does."""

import json
import time
from typing import Any

import httpx
import pytest


def turn(control: httpx.Client, **knobs: Any) -> dict[str, Any]:
    body: dict[str, Any] = control.post("/_control", json=knobs).raise_for_status().json()
    return body


def test_counters_and_last_requests_tell_what_reached_the_vendor(
    api: httpx.Client,
    control: httpx.Client,
) -> None:
    api.get("/v1/cases", params={"status": "open", "subject": "a b"})
    api.post("/v1/cases/89102/addnote", data={"note": "é"}, headers={"X-Trace": "7"})
    state = control.get("/_control").json()
    assert state["requests"] == 2
    assert state["paths"] == {"GET /api/v1/cases": 1, "POST /api/v1/cases/89102/addnote": 1}
    listed, noted = state["last_requests"]
    assert (listed["method"], listed["path"]) == ("GET", "/api/v1/cases")
    assert listed["query"] == {"status": "open", "subject": "a b"}
    assert listed["query_string"] == "status=open&subject=a+b"
    assert (noted["body"], noted["headers"]["x-trace"]) == ("note=%C3%A9", "7")


def test_the_api_key_is_shown_by_its_name_only(
    api: httpx.Client, stranger: httpx.Client, control: httpx.Client
) -> None:
    api.get("/v1/chats")
    stranger.get("/v1/chats", headers={"X-FuseDesk-API-Key": "a-wrong-secret"})
    shown = control.get("/_control")
    assert [one["key"] for one in shown.json()["last_requests"]] == ["full", None]
    assert "fd-demo-key" not in shown.text
    assert "a-wrong-secret" not in shown.text


def test_only_the_last_fifty_requests_are_kept_and_all_are_counted(
    api: httpx.Client,
    control: httpx.Client,
) -> None:
    for number in range(60):
        api.get("/v1/chats/5542", params={"n": number})
    state = control.get("/_control").json()
    assert state["requests"] == 60
    assert [one["query"]["n"] for one in state["last_requests"]] == [str(number) for number in range(10, 60)]


def test_a_reset_restores_data_knobs_and_counters(api: httpx.Client, control: httpx.Client) -> None:
    fresh = control.get("/_control").json()
    before = api.get("/v1/cases").json()
    api.post("/v1/cases/89152", data={"summary": "Changed"})
    turn(control, latency_ms=1, limit=7)
    turn(control, path="/api/v1/chats", force_status=500)
    assert control.post("/_control/reset").json() == fresh
    assert api.get("/v1/cases").json() == before


def test_control_requests_are_not_counted(control: httpx.Client) -> None:
    control.get("/_control")
    state = turn(control, limit=10)
    assert (state["requests"], state["limit"], state["remaining"]) == (0, 10, 10)


@pytest.mark.parametrize(
    ("knobs", "name"),
    [
        ({"lateness": 5}, "lateness"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": True}, "latency_ms"),
        ({"force_status": 200}, "force_status"),
        ({"force_status": "500"}, "force_status"),
        ({"force_times": 0}, "force_times"),
        ({"force_headers": ["a"]}, "force_headers"),
        ({"force_headers": {"X-A": 1}}, "force_headers"),
        ({"force_headers": {"X-A": "a\r\nb"}}, "force_headers"),
        ({"force_headers": {"Content-Length": "1"}}, "force_headers"),
        ({"response": "odd"}, "response"),
        ({"response": ["html"]}, "response"),
        ({"drip_bytes_per_second": 0}, "drip_bytes_per_second"),
        ({"drop_connection": 1}, "drop_connection"),
        ({"remaining": -1}, "remaining"),
        ({"limit": True}, "limit"),
        ({"limit": 5, "path": "/api/v1/chats"}, "limit"),
        ({"latency_ms": 5, "path": "chats"}, "path"),
        ([], "body"),
    ],
)
def test_a_bad_knob_is_refused_by_name_and_turns_nothing(
    control: httpx.Client,
    knobs: Any,
    name: str,
) -> None:
    before = control.get("/_control").json()
    answer = control.post("/_control", json=knobs)
    assert answer.status_code == 400
    assert answer.json()["knob"] == name
    assert control.get("/_control").json() == before


def test_good_knobs_beside_a_bad_one_stay_as_they_are(control: httpx.Client) -> None:
    before = control.get("/_control").json()
    knobs = {"remaining": 3, "latency_ms": 5, "response": "odd"}
    assert control.post("/_control", json=knobs).status_code == 400
    assert control.get("/_control").json() == before


def test_a_body_that_is_not_json_is_refused(control: httpx.Client) -> None:
    assert control.post("/_control", content="latency=5").json()["knob"] == "body"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", "/_control", 405), ("GET", "/_control/reset", 405), ("GET", "/_control/x", 404)],
)
def test_controls_know_their_paths_and_methods(
    control: httpx.Client,
    method: str,
    path: str,
    status: int,
) -> None:
    assert control.request(method, path).status_code == status


def test_a_path_outside_the_api_and_the_controls_is_not_found(address: str) -> None:
    assert httpx.get(f"{address}/").status_code == 404


def test_latency_delays_the_answer(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, latency_ms=80)
    began = time.monotonic()
    assert api.get("/v1/chats").status_code == 200
    assert time.monotonic() - began >= 0.08


def test_a_client_that_does_not_wait_for_a_late_answer_disturbs_nobody(
    api: httpx.Client, control: httpx.Client
) -> None:
    turn(control, latency_ms=60_000)
    with pytest.raises(httpx.ReadTimeout):
        api.get("/v1/chats", timeout=0.05)
    turn(control, latency_ms=0)
    assert api.get("/v1/chats").status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 499, 500, 503])
def test_a_forced_status_comes_with_a_matching_error(
    api: httpx.Client,
    control: httpx.Client,
    status: int,
) -> None:
    turn(control, force_status=status)
    answer = api.get("/v1/chats")
    assert answer.status_code == status
    assert answer.json()["errorcode"] == answer.headers["X-FuseDesk-Error-Code"]
    assert "X-FuseDesk-Usage-Limit" in answer.headers


def test_a_forced_429_says_that_nothing_is_left(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, force_status=429)
    answer = api.get("/v1/chats")
    assert answer.headers["X-FuseDesk-Usage-Remaining"] == "0"
    assert answer.json()["errorcode"] == "api_error_ratelimit"


def test_a_forced_write_does_not_happen(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, force_status=500, force_times=1)
    api.post("/v1/cases/89102", data={"status": "closed"})
    assert api.get("/v1/cases/89102").json()["status"] == "open"


def test_a_status_can_be_forced_a_number_of_times(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, force_status=503, force_times=2)
    assert [api.get("/v1/chats").status_code for _ in range(3)] == [503, 503, 200]
    assert control.get("/_control").json()["knobs"]["force_status"] is None


def test_null_puts_a_knob_back(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, force_status=503, latency_ms=1)
    state = turn(control, force_status=None)
    assert (state["knobs"]["force_status"], state["knobs"]["latency_ms"]) == (None, 1)
    assert api.get("/v1/chats").status_code == 200


def test_forced_headers_are_added_and_replace_those_of_the_same_name(
    api: httpx.Client,
    control: httpx.Client,
) -> None:
    turn(control, force_headers={"Retry-After": "7", "X-FuseDesk-Usage-Remaining": "soon"})
    answer = api.get("/v1/chats")
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers.get_list("X-FuseDesk-Usage-Remaining") == ["soon"]


def test_an_oversized_answer_is_valid_json_of_more_than_three_mebibytes(
    api: httpx.Client, control: httpx.Client
) -> None:
    turn(control, response="oversized")
    answer = api.get("/v1/chats")
    assert len(answer.content) > 3 * 1024 * 1024
    assert len(answer.json()) > 1000


def test_a_gzip_bomb_is_small_on_the_wire_and_big_after_it(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, response="gzip_bomb")
    with api.stream("GET", "/v1/chats") as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 100_000
        assert sum(len(piece) for piece in answer.iter_bytes()) > 50 * 1024 * 1024


def test_invalid_json_is_announced_as_json(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, response="invalid_json")
    answer = api.get("/v1/chats")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_html_is_a_sign_in_page_with_status_200(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, response="html")
    answer = api.get("/v1/chats")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Sign in" in answer.text


def test_an_empty_answer_has_no_body(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, response="empty")
    answer = api.get("/v1/chats")
    assert (answer.status_code, answer.content) == (200, b"")


def test_deep_json_is_nested_five_thousand_levels(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, response="deep")
    assert api.get("/v1/chats").content == b"[" * 5000 + b"]" * 5000


def test_a_redirect_leads_to_another_host(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, response="redirect")
    answer = api.get("/v1/chats")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://elsewhere.example.net/")


def test_a_truncated_answer_ends_before_its_announced_length(
    api: httpx.Client,
    control: httpx.Client,
) -> None:
    turn(control, response="truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        api.get("/v1/chats")


def test_a_dropped_connection_gives_no_answer_at_all(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, drop_connection=True)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        api.get("/v1/chats")
    turn(control, drop_connection=False)
    assert api.get("/v1/chats").status_code == 200


def test_a_dripping_answer_comes_whole_and_in_pieces(api: httpx.Client, control: httpx.Client) -> None:
    whole = api.get("/v1/session/permissions").content
    turn(control, drip_bytes_per_second=2_000)
    began = time.monotonic()
    with api.stream("GET", "/v1/session/permissions") as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 1
    assert b"".join(pieces) == whole
    assert time.monotonic() - began >= 0.09


def test_a_client_may_leave_a_dripping_answer(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, drip_bytes_per_second=10)
    with api.stream("GET", "/v1/cases") as answer:
        next(answer.iter_raw())
    turn(control, drip_bytes_per_second=None)
    assert api.get("/v1/cases").status_code == 200


def test_knobs_with_a_path_bear_on_that_path_only(api: httpx.Client, control: httpx.Client) -> None:
    state = turn(control, path="/api/v1/chats", force_status=500)
    assert state["path_knobs"]["/api/v1/chats"]["force_status"] == 500
    assert state["knobs"]["force_status"] is None
    assert api.get("/v1/chats/5542").status_code == 500
    assert api.get("/v1/cases").status_code == 200


def test_the_longest_path_wins(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, force_status=500)
    turn(control, path="/api/v1/cases/89102", force_status=404)
    assert api.get("/v1/cases/89102").status_code == 404
    assert api.get("/v1/cases/89101").status_code == 500


def test_damage_and_latency_go_together(api: httpx.Client, control: httpx.Client) -> None:
    turn(control, latency_ms=20, response="html", force_headers={"X-Odd": "1"})
    answer = api.get("/v1/chats")
    assert "Sign in" in answer.text
    assert answer.headers["X-Odd"] == "1"
