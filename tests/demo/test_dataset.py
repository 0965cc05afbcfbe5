from datetime import datetime
from typing import Any

import httpx
import pytest

from demo.clock import Clock
from demo.dataset.opening import open_account
from tests.demo.simulated import NOW

CASE_FIELDS = """
    id caseid casenum casenumber contactid contactUuid companyid summary openedby repid departmentid status
    tags isArchived date_opened date_firstresponse date_lastresponse date_assigned date_closed date_updated
    date_rated date_requestedfeedback rating feedback
"""
CHAT_FIELDS = """
    id title platform clientName contactId contactUuid caseId departmentId repId unseen lastMessage
    lastMessageSender dateCreated dateClosed dateLastMessage dateLastMessageReceived dateLastResponse
    isArchived
"""
CONTACT_FIELDS = """
    id firstName lastName emailAddress company phone1 crmId timeZone website dateCreated dateUpdated
"""
REP_FIELDS = "userId repid firstName lastName username emailAddress active defaultDepartmentId"


def every_case(api: httpx.Client) -> list[dict[str, Any]]:
    pages = [api.get("/v1/cases", params={"limit": 100, "offset": offset}).json() for offset in (0, 100)]
    found: list[dict[str, Any]] = pages[0] + pages[1]
    return found


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/cases", CASE_FIELDS),
        ("/v1/cases/CAS-89102", CASE_FIELDS + "details history"),
        ("/v1/chats", CHAT_FIELDS),
        ("/v1/chats/CHT-5542", CHAT_FIELDS + "messages"),
        ("/v2/contacts?search=acme", CONTACT_FIELDS),
        ("/v2/reps", REP_FIELDS),
        ("/v2/departments", "id name repUserIds stale staleWarning"),
        ("/v1/casetags", "id tagname hidden totalcases"),
        ("/v1/emails/unassigned", "id from to subject body date contactid caseid"),
    ],
)
def test_records_have_the_fields_that_the_vendor_names(api: httpx.Client, path: str, fields: str) -> None:
    body = api.get(path).json()
    assert set(body[0] if isinstance(body, list) else body) == set(fields.split())


def test_the_same_anchor_gives_the_same_data() -> None:
    first, second = (open_account(Clock(NOW)) for _ in range(2))
    assert [case.detail() for case in first.cases] == [case.detail() for case in second.cases]
    assert [chat.detail() for chat in first.chats] == [chat.detail() for chat in second.chats]
    assert [email.summary() for email in first.emails] == [email.summary() for email in second.emails]


def test_without_a_given_moment_the_data_lies_before_the_start() -> None:
    account = open_account(Clock())
    newest = max(case.date_opened for case in account.cases)
    assert 0 < (account.clock.now() - newest).total_seconds() < 3600


def test_the_account_has_the_promised_size(api: httpx.Client) -> None:
    account = open_account(Clock(NOW))
    assert (len(account.cases), len(account.chats), len(account.contacts)) == (200, 40, 60)
    assert sum(email.case_id is None for email in account.emails) == 80
    assert (len(account.reps), len(account.tags), len(api.get("/v2/departments").json())) == (10, 12, 6)


def test_there_are_cases_in_every_status(api: httpx.Client) -> None:
    statuses = [case["status"] for case in every_case(api)]
    assert all(statuses.count(status) >= 10 for status in ("new", "open", "closed"))


def test_nothing_in_a_history_happened_before_the_case_or_in_the_future() -> None:
    for case in open_account(Clock(NOW)).cases:
        dates = [entry.date for entry in case.history]
        assert dates == sorted(dates)
        assert case.date_opened <= dates[0]
        assert dates[-1] == case.date_updated <= NOW


def test_nobody_answers_a_case_that_is_new() -> None:
    for case in open_account(Clock(NOW)).cases:
        assert (case.status == "new") == (case.date_firstresponse is None)
        assert (case.status == "closed") == (case.date_closed is not None)


def test_chats_were_not_written_in_the_future() -> None:
    for chat in open_account(Clock(NOW)).chats:
        dates = [message.date for message in chat.messages]
        assert dates == sorted(dates)
        assert dates[-1] <= NOW


def test_no_gap_of_a_story_is_left_unfilled() -> None:
    account = open_account(Clock(NOW))
    texts = [case.summary + case.details for case in account.cases]
    texts += [entry.body for case in account.cases for entry in case.history]
    texts += [message.text for chat in account.chats for message in chat.messages]
    texts += [email.subject + email.body for email in account.emails]
    assert not any("{" in text or "}" in text for text in texts)


def test_summaries_and_texts_vary() -> None:
    account = open_account(Clock(NOW))
    assert len({case.summary for case in account.cases}) > 100
    assert len({email.subject for email in account.emails if email.case_id is None}) > 20


def test_some_bodies_are_html_and_some_names_are_not_ascii() -> None:
    account = open_account(Clock(NOW))
    bodies = [entry.body for case in account.cases for entry in case.history]
    assert any(body.startswith("<div") for body in bodies)
    assert any(email.body.startswith("<html>") for email in account.emails)
    assert any(not contact.name.isascii() for contact in account.contacts)


def test_one_customer_text_reads_like_an_instruction_to_an_ai(api: httpx.Client) -> None:
    account = open_account(Clock(NOW))
    (case,) = {
        case.reference
        for case in account.cases
        for entry in case.history
        if "Ignore previous instructions" in entry.body and entry.type == "email"
    }
    assert api.get(f"/v1/cases/{case}").json()["status"] == "open"


def test_dates_have_an_offset(api: httpx.Client) -> None:
    case = api.get("/v1/cases", params={"limit": 1}).json()[0]
    assert datetime.fromisoformat(case["date_opened"]).utcoffset() is not None
    assert case["date_opened"].endswith("+00:00")
