import json
from typing import Any

import httpx
import pytest

DATES = ("date_opened", "date_closed", "date_updated", "date_assigned", "date_firstresponse")


def listed(api: httpx.Client, **filters: str) -> list[dict[str, Any]]:
    answer = api.get("/v1/cases", params={"limit": "100", **filters})
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found


@pytest.fixture
def case(api: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = api.get("/v1/cases/CAS-89102").json()
    return body


@pytest.mark.parametrize("name", ["contactid", "contactUuid", "companyid"])
def test_cases_of_a_contact_or_company(api: httpx.Client, case: dict[str, Any], name: str) -> None:
    found = listed(api, **{name: str(case[name])})
    assert case["id"] in [one["id"] for one in found]
    assert {one[name] for one in found} == {case[name]}


@pytest.mark.parametrize("name", ["contactid", "contactUuid", "companyid"])
def test_a_contact_or_company_nobody_knows_has_no_cases(api: httpx.Client, name: str) -> None:
    assert listed(api, **{name: "999999"}) == []


@pytest.mark.parametrize("name", ["email", "from"])
def test_cases_of_an_address_whatever_its_letters(api: httpx.Client, case: dict[str, Any], name: str) -> None:
    found = listed(api, **{name: "Priya.Raman@northwindfreight.example"})
    assert {one["contactid"] for one in found} == {case["contactid"]}


def test_from_also_finds_a_part_of_the_name(api: httpx.Client, case: dict[str, Any]) -> None:
    assert {one["contactid"] for one in listed(api, **{"from": "priya ram"})} == {case["contactid"]}


def test_email_wants_the_whole_address(api: httpx.Client) -> None:
    assert listed(api, email="priya.raman") == []


def test_subject_finds_a_part_of_the_summary(api: httpx.Client) -> None:
    found = listed(api, subject="csv EXPORT")
    assert "CAS-89102" in [one["id"] for one in found]
    assert all("csv export" in one["summary"].lower() for one in found)


@pytest.mark.parametrize("status", ["new", "open", "closed"])
def test_status_finds_that_status_only(api: httpx.Client, status: str) -> None:
    assert {one["status"] for one in listed(api, status=status)} == {status}


def test_active_is_new_and_open(api: httpx.Client) -> None:
    active = listed(api, status="active")
    assert {one["status"] for one in active} == {"new", "open"}
    assert len(active) == len(listed(api, status="new")) + len(listed(api, status="open"))


def test_a_status_that_does_not_exist_is_refused(api: httpx.Client) -> None:
    answer = api.get("/v1/cases", params={"status": "asleep"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "status: this must be one of new, open, closed, active."


@pytest.mark.parametrize("department", ["4", "04", "DEP-04", "dep-4"])
def test_a_department_is_named_by_number_or_reference(api: httpx.Client, department: str) -> None:
    found = listed(api, depid=department)
    assert found
    assert {one["departmentid"] for one in found} == {"DEP-04"}


def test_cases_of_a_rep_and_cases_that_a_rep_opened(api: httpx.Client) -> None:
    assert {one["repid"] for one in listed(api, repid="301")} == {301}
    opened = [one["openedby"] for one in listed(api) if isinstance(one["openedby"], int)]
    assert {one["openedby"] for one in listed(api, createdByRep=str(opened[0]))} == {opened[0]}


@pytest.mark.parametrize("name", ["depid", "repid", "createdByRep"])
def test_a_department_or_rep_nobody_knows_is_refused(api: httpx.Client, name: str) -> None:
    answer = api.get("/v1/cases", params={name: "999"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}:")


@pytest.mark.parametrize("name", DATES)
def test_a_window_of_time_holds_its_beginning_and_not_its_end(api: httpx.Client, name: str) -> None:
    dates = sorted({one[name] for one in listed(api) if one[name]})
    after, before = dates[len(dates) // 3], dates[len(dates) // 2]
    found = {one[name] for one in listed(api, **{name: json.dumps({"after": after, "before": before})})}
    assert after in found
    assert before not in found
    assert all(after <= date < before for date in found)


def test_one_end_of_a_window_is_enough(api: httpx.Client) -> None:
    edge = "2026-02-20T00:00:00Z"
    later = listed(api, date_opened=json.dumps({"after": edge}))
    earlier = listed(api, date_opened=json.dumps({"before": edge}))
    assert all(one["date_opened"] >= "2026-02-20" for one in later)
    assert all(one["date_opened"] < "2026-02-20" for one in earlier)


@pytest.mark.parametrize(
    "window",
    [
        "{",
        "yesterday",
        "[]",
        "{}",
        '"2026-01-01"',
        '{"since": "2026-01-01"}',
        '{"after": "soon"}',
        '{"after": 7}',
        '{"after": null}',
        '{"before": "0001-01-01T00:00:00+14:00"}',
    ],
)
def test_a_window_that_cannot_be_read_is_refused_by_name(api: httpx.Client, window: str) -> None:
    answer = api.get("/v1/cases", params={"date_opened": window})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("date_opened:")


def test_filters_hold_together(api: httpx.Client) -> None:
    found = listed(api, status="open", depid="DEP-04", subject="export")
    assert [one["id"] for one in found] == ["CAS-89102"]
