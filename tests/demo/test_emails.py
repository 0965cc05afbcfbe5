from typing import Any

import httpx
import pytest

PATH = "/v1/emails/unassigned"


def listed(api: httpx.Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params=query).raise_for_status().json()
    return found


def test_the_list_holds_only_mail_without_a_case_and_the_newest_first(api: httpx.Client) -> None:
    emails = listed(api, limit="100")
    assert len(emails) == 80
    assert {email["caseid"] for email in emails} == {None}
    dates = [email["date"] for email in emails]
    assert dates == sorted(dates, reverse=True)


def test_emails_come_in_pages(api: httpx.Client) -> None:
    whole = listed(api, limit="30")
    assert listed(api, limit="10", offset="20") == whole[20:]
    assert len(listed(api)) == 25


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [("from", "@ACMECORP.com", "from"), ("subject", "invoice", "subject"), ("content", "scanners", "body")],
)
def test_a_filter_finds_a_part_of_the_text(api: httpx.Client, name: str, text: str, field: str) -> None:
    found = listed(api, limit="100", **{name: text})
    assert 1 < len(found) < 80
    assert all(text.lower() in email[field].lower() for email in found)


def test_filters_hold_together(api: httpx.Client) -> None:
    found = listed(api, content="cradles", **{"from": "acmecorp"})
    assert [email["subject"] for email in found] == ["Wrong quantity on our hardware order"]


def test_bodylimit_shortens_bodies(api: httpx.Client) -> None:
    assert all(len(email["body"]) <= 20 for email in listed(api, bodylimit="20"))
    assert {email["body"] for email in listed(api, bodylimit="0")} == {""}


def test_emails_are_ordered_by_a_named_field(api: httpx.Client) -> None:
    senders = [email["from"] for email in listed(api, orderby="from", limit="100")]
    assert senders == sorted(senders)


@pytest.mark.parametrize(("name", "value"), [("bodylimit", "short"), ("orderby", "length"), ("limit", "x")])
def test_a_parameter_that_makes_no_sense_is_refused(api: httpx.Client, name: str, value: str) -> None:
    answer = api.get(PATH, params={name: value})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}:")


def test_an_email_is_read_by_its_id_with_its_whole_body(api: httpx.Client) -> None:
    short = listed(api, limit="1", bodylimit="5")[0]
    email = api.get(f"/v1/emails/{short['id']}").json()
    assert len(email["body"]) > 5
    assert {**email, "body": short["body"]} == short


def test_mail_of_a_case_is_found_by_its_id_only(api: httpx.Client) -> None:
    email = api.get("/v1/emails/70001").json()
    case = api.get(f"/v1/cases/{email['caseid']}").json()
    assert email["contactid"] == case["contactid"]
    assert email["body"] == case["history"][0]["body"]


def test_an_email_that_does_not_exist_is_not_found(api: httpx.Client) -> None:
    assert api.get("/v1/emails/1").status_code == 404
