"""Every example of the founding article is true in the data."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.demo.simulated import NOW


def contact_of(api: httpx.Client, text: str) -> dict[str, Any]:
    found = api.get("/v2/contacts", params={"search": text}).json()
    assert len(found) == 1
    body: dict[str, Any] = found[0]
    return body


def cases_of(api: httpx.Client, contact: dict[str, Any], **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/cases", params={"contactid": contact["id"], **filters}).json()
    return found


def test_there_are_open_cases_of_many_contacts_to_group(api: httpx.Client) -> None:
    cases = api.get("/v1/cases", params={"status": "open", "limit": 100}).json()
    assert len(cases) > 25
    assert {case["status"] for case in cases} == {"open"}
    assert 10 < len({case["contactid"] for case in cases}) < len(cases)


def test_last_three_interactions_of_cas_89102_say_that_support_is_waited_for(api: httpx.Client) -> None:
    case = api.get("/v1/cases/CAS-89102").json()
    assert case["status"] == "open"
    assert len(case["history"]) > 10
    customer, note, reply = case["history"][-3:]
    assert [customer["type"], note["type"], reply["type"]] == ["email", "note", "reply"]
    assert "we will wait for your files" in customer["body"]
    assert "You do not have to do anything" in reply["body"]


def test_dep_04_has_several_active_chats_with_a_time_of_the_last_message(api: httpx.Client) -> None:
    chats = [chat for chat in api.get("/v1/chats").json() if chat["departmentId"] == "DEP-04"]
    assert len(chats) >= 4
    assert all(chat["clientName"] for chat in chats)
    assert all(datetime.fromisoformat(chat["dateLastMessage"]) <= NOW for chat in chats)


def test_transcript_of_cht_5542_holds_the_root_cause(api: httpx.Client) -> None:
    chat = api.get("/v1/chats/CHT-5542").json()
    texts = [message["message"] for message in chat["messages"]]
    assert len(texts) > 10
    assert any("root cause is the retry with a new Idempotency-Key" in text for text in texts)


def test_several_of_the_ten_most_recent_emails_come_from_acmecorp(api: httpx.Client) -> None:
    emails = api.get("/v1/emails/unassigned", params={"limit": 10}).json()
    acme = [email for email in emails if email["from"].endswith("@acmecorp.com")]
    assert 3 <= len(acme) < 10


def test_jane_doe_is_one_contact_with_historical_cases(api: httpx.Client) -> None:
    jane = contact_of(api, "jane.doe@example.com")
    cases = cases_of(api, jane)
    assert len(cases) == 5
    assert sum(case["status"] == "closed" for case in cases) == 4


def test_alex_has_one_open_case_of_the_last_two_days_and_older_closed_ones(api: httpx.Client) -> None:
    alex = contact_of(api, "alex@example.com")
    (recent,) = cases_of(api, alex, status="active")
    assert NOW - datetime.fromisoformat(recent["date_opened"]) < timedelta(hours=48)
    assert recent["status"] == "open"
    since = json.dumps({"after": (NOW - timedelta(hours=48)).isoformat()})
    assert [case["id"] for case in cases_of(api, alex, status="open", date_opened=since)] == [recent["id"]]
    assert len(cases_of(api, alex, status="closed")) == 2
    detail = api.get(f"/v1/cases/{recent['id']}").json()
    assert "variant_id not found, treated as 0" in detail["history"][0]["body"]


def test_cht_9099_ends_abruptly_after_a_promise_to_a_client_who_can_be_found(api: httpx.Client) -> None:
    chat = api.get("/v1/chats/CHT-9099").json()
    promises = [one["message"] for one in chat["messages"] if one["repId"] == chat["repId"]]
    assert any("have the engineering team review the logs" in text for text in promises)
    last, end = chat["messages"][-2:]
    assert last["sender"] == "client"
    assert not last["message"].endswith((".", "?", "!"))
    assert "connection was lost" in end["message"]
    client = contact_of(api, chat["clientName"])
    assert client["id"] == chat["contactId"]
    assert client["emailAddress"] == "marisol.vega@lanterncoffee.example"
