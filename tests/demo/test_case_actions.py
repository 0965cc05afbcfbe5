from typing import Any

import httpx
import pytest

CASE = "/v1/cases/CAS-89102"


def post(api: httpx.Client, path: str, **data: str) -> dict[str, Any]:
    body: dict[str, Any] = api.post(path, data=data).raise_for_status().json()
    return body


def last_entries(case: dict[str, Any], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = case["history"][-count:]
    return found


def test_a_note_is_added_to_the_history(api: httpx.Client) -> None:
    before = api.get(CASE).json()
    after = post(api, f"{CASE}/addnote", note="Waits for <b>us</b>.", title="Triage")
    (entry,) = last_entries(after, 1)
    assert (entry["type"], entry["body"], entry["subject"]) == ("note", "Waits for <b>us</b>.", "Triage")
    assert len(after["history"]) == len(before["history"]) + 1
    assert after["date_updated"] > before["date_updated"]
    assert after["date_lastresponse"] == before["date_lastresponse"]


def test_a_note_can_assign_and_close_in_the_same_step(api: httpx.Client) -> None:
    more = {"type": "summary", "status": "closed", "repid": "304", "templateid": "7"}
    after = post(api, f"{CASE}/addnote", note="Done.", **more)
    assert [entry["type"] for entry in last_entries(after, 3)] == ["summary", "assignment", "status"]
    assert last_entries(after, 3)[0]["subject"] == "(template 7)"
    assert (after["repid"], after["status"]) == (304, "closed")


def test_a_reply_is_an_email_to_the_contact_and_opens_a_new_case(api: httpx.Client) -> None:
    new = api.get("/v1/cases", params={"status": "new", "limit": 1}).json()[0]
    after = post(api, f"/v1/cases/{new['id']}/reply", body="We are looking into it.", html="<p>We are.</p>")
    contact = api.get(f"/v2/contacts/{new['contactid']}").json()
    reply, status = last_entries(after, 2)
    assert (reply["type"], reply["to"], reply["html"]) == ("reply", contact["emailAddress"], "<p>We are.</p>")
    assert reply["from"] == "support@tidewater.example"
    assert (status["type"], after["status"]) == ("status", "open")
    assert after["date_firstresponse"] == after["date_lastresponse"] == reply["date"]


def test_a_sent_reply_can_be_read_as_an_email_that_is_linked_to_its_case(api: httpx.Client) -> None:
    newest = api.get("/v1/emails/unassigned", params={"limit": 1}).json()[0]["id"]
    post(api, f"{CASE}/reply", body="Attached.", to="a@b.example", cc="c@d.example", bcc="e@f.example")
    email = api.get(f"/v1/emails/{newest + 1}").json()
    assert (email["caseid"], email["body"]) == (89102, "Attached.")
    assert email["to"] == "a@b.example, cc: c@d.example, bcc: e@f.example"
    assert api.get("/v1/emails/unassigned", params={"limit": 1}).json()[0]["id"] == newest


def test_a_reply_may_have_another_sender_and_name_its_template(api: httpx.Client) -> None:
    after = post(api, f"{CASE}/reply", body="Hello", templateid="12", **{"from": "maya@tidewater.example"})
    reply, template = last_entries(after, 2)
    assert reply["from"] == "maya@tidewater.example"
    assert "template 12" in template["body"]


def test_a_reply_to_a_case_without_a_contact_needs_a_recipient(api: httpx.Client) -> None:
    case = post(api, "/v1/cases", depid="4", summary="Call", details="Nobody known", openedby="phone")
    refused = api.post(f"/v1/cases/{case['id']}/reply", data={"body": "Hello"})
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("to:")
    assert post(api, f"/v1/cases/{case['id']}/reply", body="Hello", to="x@y.example")["status"] == "open"


def test_a_case_is_snoozed_until_a_moment_in_the_future(api: httpx.Client) -> None:
    after = post(api, f"{CASE}/snooze", until="2026-03-05T09:00:00+01:00")
    (entry,) = last_entries(after, 1)
    assert (entry["type"], entry["body"]) == ("snooze", "Snoozed until 2026-03-05T08:00:00+00:00.")


@pytest.mark.parametrize("until", ["2026-02-01T09:00:00Z", "tomorrow", ""])
def test_a_case_is_not_snoozed_until_the_past_or_nonsense(api: httpx.Client, until: str) -> None:
    answer = api.post(f"{CASE}/snooze", data={"until": until})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("until:")


@pytest.mark.parametrize(("action", "name"), [("addnote", "note"), ("reply", "body"), ("snooze", "until")])
def test_a_missing_parameter_is_named(api: httpx.Client, action: str, name: str) -> None:
    answer = api.post(f"{CASE}/{action}")
    assert answer.status_code == 400
    assert answer.json()["error"] == f"{name}: this parameter is required."


def test_tagging_twice_does_no_more_than_once(api: httpx.Client) -> None:
    first = post(api, f"{CASE}/tag/4")
    assert first["tags"] == [6, 10, 4]
    assert post(api, f"{CASE}/tag/4") == first


def test_untagging_leaves_the_other_tags(api: httpx.Client) -> None:
    first = post(api, f"{CASE}/untag/10")
    assert first["tags"] == [6]
    assert post(api, f"{CASE}/untag/10") == first


@pytest.mark.parametrize("action", ["tag/999", "untag/999", "tag/x"])
def test_a_tag_that_does_not_exist_is_not_found(api: httpx.Client, action: str) -> None:
    assert api.post(f"{CASE}/{action}").status_code == 404


def test_feedback_of_a_rated_case_shows_what_the_customer_said(api: httpx.Client) -> None:
    rated = api.get("/v1/cases", params={"email": "jane.doe@example.com", "subject": "Refund"}).json()[0]
    feedback = api.get(f"/v1/cases/{rated['id']}/feedback").json()
    assert feedback["rating"] == rated["rating"] == 5
    assert feedback["feedback"] == "Ines was lovely, refund came the next day."
    assert feedback["date_rated"] == rated["date_rated"]


def test_asking_for_feedback_is_dated(api: httpx.Client) -> None:
    asked = post(api, f"{CASE}/feedback/request")
    assert asked["date_requestedfeedback"] is not None
    assert api.get(CASE).json()["date_requestedfeedback"] == asked["date_requestedfeedback"]


def test_no_feedback_is_asked_for_where_it_is_switched_off(api: httpx.Client) -> None:
    assert post(api, f"{CASE}/feedback/dontask")["ask"] is False
    assert api.post(f"{CASE}/feedback/request").status_code == 400
    assert post(api, f"{CASE}/feedback/doask")["ask"] is True
    assert api.post(f"{CASE}/feedback/request").status_code == 200


@pytest.mark.parametrize(
    "action",
    ["addnote", "reply", "snooze", "tag/4", "untag/4", "feedback/request", "feedback/doask"],
)
def test_an_action_on_no_case_is_not_found(api: httpx.Client, action: str) -> None:
    assert api.post(f"/v1/cases/1/{action}", data={"note": "x"}).status_code == 404
