import httpx
import pytest

from tests.demo.simulated import NOW, Elapsed

NEW_CASE = {
    "depid": "DEP-04",
    "summary": "Scanner asleep",
    "details": "It does not wake up.",
    "openedby": "phone",
}


def ids(answer: httpx.Response) -> list[str]:
    return [case["id"] for case in answer.raise_for_status().json()]


def test_a_list_is_a_bare_array_of_25_cases_with_the_newest_first(api: httpx.Client) -> None:
    cases = api.get("/v1/cases").json()
    assert len(cases) == 25
    assert cases[0]["id"] == "CAS-89152"
    opened = [case["date_opened"] for case in cases]
    assert opened == sorted(opened, reverse=True)


def test_a_listed_case_has_no_history_and_no_details(api: httpx.Client) -> None:
    case = api.get("/v1/cases").json()[0]
    assert "history" not in case
    assert "details" not in case


def test_ids_of_a_case_stand_as_reference_number_and_text(api: httpx.Client) -> None:
    case = api.get("/v1/cases/89102").json()
    assert (case["id"], case["caseid"]) == ("CAS-89102", 89102)
    assert (case["casenum"], case["casenumber"]) == (89102, "89102")


@pytest.mark.parametrize("reference", ["89102", "CAS-89102", "cas-89102"])
def test_a_case_is_found_by_number_and_by_reference(api: httpx.Client, reference: str) -> None:
    assert api.get(f"/v1/cases/{reference}").json()["id"] == "CAS-89102"


@pytest.mark.parametrize("reference", ["1", "CHT-89102", "CAS-", "CAS-CAS-89102", "-1", "9" * 5000, "٨٩"])
def test_a_reference_to_nothing_is_not_found(api: httpx.Client, reference: str) -> None:
    answer = api.get(f"/v1/cases/{reference}")
    assert answer.status_code == 404
    assert answer.json()["errorcode"] == "api_error_notfound"


def test_pages_follow_each_other_without_gap_or_overlap(api: httpx.Client) -> None:
    whole = ids(api.get("/v1/cases", params={"limit": 60}))
    pages = [ids(api.get("/v1/cases", params={"limit": 20, "offset": offset})) for offset in (0, 20, 40)]
    assert [case for page in pages for case in page] == whole


def test_a_limit_above_100_is_lowered_to_100(api: httpx.Client) -> None:
    assert len(ids(api.get("/v1/cases", params={"limit": 5000}))) == 100


def test_a_page_beyond_the_end_is_empty(api: httpx.Client) -> None:
    assert api.get("/v1/cases", params={"offset": 200}).json() == []


@pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("limit", "ten"), ("offset", "-5")])
def test_a_page_that_makes_no_sense_is_refused_by_name(api: httpx.Client, name: str, value: str) -> None:
    answer = api.get("/v1/cases", params={name: value})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}:")


@pytest.mark.parametrize("orderby", ["date_updated desc", "-date_updated", "date_updated DESC"])
def test_cases_are_ordered_downwards_by_a_named_field(api: httpx.Client, orderby: str) -> None:
    dates = [case["date_updated"] for case in api.get("/v1/cases", params={"orderby": orderby}).json()]
    assert dates == sorted(dates, reverse=True)


def test_a_field_alone_orders_upwards_with_empty_values_last(api: httpx.Client) -> None:
    cases = api.get("/v1/cases", params={"orderby": "date_closed", "limit": 100, "offset": 100}).json()
    dates = [case["date_closed"] for case in cases]
    filled = [date for date in dates if date]
    assert filled == sorted(filled)
    assert dates == filled + [None] * (len(dates) - len(filled))
    assert 0 < len(filled) < len(dates)


def test_several_fields_order_one_within_the_other(api: httpx.Client) -> None:
    cases = api.get("/v1/cases", params={"orderby": "status,date_opened desc", "limit": 100}).json()
    assert [case["status"] for case in cases] == sorted(case["status"] for case in cases)
    closed = [case["date_opened"] for case in cases if case["status"] == "closed"]
    assert closed == sorted(closed, reverse=True)


@pytest.mark.parametrize("orderby", ["shoe_size", "id sideways", ","])
def test_an_order_that_makes_no_sense_is_refused(api: httpx.Client, orderby: str) -> None:
    answer = api.get("/v1/cases", params={"orderby": orderby})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("orderby:")


def test_a_created_case_gets_the_next_number_and_leads_the_list(api: httpx.Client) -> None:
    made = api.post("/v1/cases", data=NEW_CASE).raise_for_status().json()
    assert made["casenum"] == 89153
    assert made["status"] == "new"
    assert made["date_opened"] == NOW.isoformat()
    assert ids(api.get("/v1/cases", params={"limit": 1})) == ["CAS-89153"]
    assert api.get("/v1/cases/89153").json()["history"][0]["body"] == "It does not wake up."


def test_a_case_is_created_with_everything_that_is_given(api: httpx.Client) -> None:
    more = {
        "repid": "301",
        "status": "open",
        "contactid": "4005",
        "casetags": "8,login",
        "date_opened": "2026-02-01T08:00:00+01:00",
        "date_assigned": "2026-02-02T08:00:00Z",
    }
    made = api.post("/v1/cases", data=NEW_CASE | more).json()
    assert (made["repid"], made["status"], made["contactid"], made["tags"]) == (301, "open", 4005, [8, 3])
    assert made["date_opened"] == "2026-02-01T07:00:00+00:00"
    assert made["date_assigned"] == "2026-02-02T08:00:00+00:00"
    assert made["companyid"] == api.get("/v1/cases/89102").json()["companyid"]


def test_a_rep_who_opens_a_case_is_named_by_number(api: httpx.Client) -> None:
    assert api.post("/v1/cases", data=NEW_CASE | {"openedby": "301"}).json()["openedby"] == 301
    refused = api.post("/v1/cases", data=NEW_CASE | {"openedby": "999"})
    assert refused.json()["error"].startswith("openedby:")


@pytest.mark.parametrize("name", ["depid", "summary", "details", "openedby"])
def test_a_case_without_a_required_parameter_is_refused_by_name(api: httpx.Client, name: str) -> None:
    answer = api.post("/v1/cases", data=NEW_CASE | {name: " "})
    assert answer.status_code == 400
    assert answer.json()["errorcode"] == "api_error_badrequest"
    assert answer.json()["error"] == f"{name}: this parameter is required."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depid", "DEP-99"),
        ("repid", "999"),
        ("contactid", "1"),
        ("contactUuid", "none"),
        ("companyid", "1"),
        ("casetags", "8,nonsense"),
        ("status", "asleep"),
        ("date_opened", "yesterday"),
    ],
)
def test_a_value_that_points_nowhere_is_refused_and_creates_nothing(
    api: httpx.Client,
    name: str,
    value: str,
) -> None:
    answer = api.post("/v1/cases", data=NEW_CASE | {name: value})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}:")
    assert ids(api.get("/v1/cases", params={"limit": 1})) == ["CAS-89152"]


def test_a_json_body_does_what_a_form_does(api: httpx.Client) -> None:
    more = {"contactid": 4005, "casetags": [8, 3], "repid": None}
    made = api.post("/v1/cases", json=NEW_CASE | more).json()
    assert (made["contactid"], made["tags"], made["repid"]) == (4005, [8, 3], None)


def test_an_update_changes_what_is_given_and_leaves_the_rest(api: httpx.Client, elapsed: Elapsed) -> None:
    elapsed.seconds += 60
    before = api.get("/v1/cases/89102").json()
    changes = {"status": "closed", "summary": "Export is cut", "depid": "6", "repid": "304"}
    changes["companyid"] = "701"
    after = api.post("/v1/cases/CAS-89102", data=changes).raise_for_status().json()
    assert (after["status"], after["summary"], after["departmentid"]) == ("closed", "Export is cut", "DEP-06")
    assert (after["repid"], after["companyid"]) == (304, 701)
    assert after["details"] == before["details"]
    assert after["date_updated"] == after["date_closed"] == after["date_assigned"] > before["date_updated"]
    added = after["history"][len(before["history"]) :]
    assert [entry["type"] for entry in added] == ["edit", "department", "assignment", "status"]
    assert after == api.get("/v1/cases/89102").json()


def test_an_update_shows_in_the_list(api: httpx.Client) -> None:
    api.get("/v1/cases")
    api.post("/v1/cases/89152", data={"summary": "Changed"})
    assert api.get("/v1/cases", params={"limit": 1}).json()[0]["summary"] == "Changed"


def test_a_case_that_is_opened_again_is_not_closed_any_more(api: httpx.Client) -> None:
    api.post("/v1/cases/89102", data={"status": "closed"})
    assert api.post("/v1/cases/89102", data={"status": "open"}).json()["date_closed"] is None


@pytest.mark.parametrize("by", ["contactid", "contactUuid"])
def test_a_case_moves_to_another_contact_and_its_company(api: httpx.Client, by: str) -> None:
    other = api.get("/v1/cases/89152").json()
    key = {"contactid": "contactid", "contactUuid": "contactUuid"}[by]
    after = api.post("/v1/cases/89102", data={by: other[key]}).json()
    assert (after["contactid"], after["companyid"]) == (other["contactid"], other["companyid"])


def test_a_refused_update_changes_nothing(api: httpx.Client) -> None:
    before = api.get("/v1/cases/89102").json()
    assert api.post("/v1/cases/89102", data={"summary": "Changed", "repid": "999"}).status_code == 400
    assert api.get("/v1/cases/89102").json() == before


def test_an_update_of_no_case_is_not_found(api: httpx.Client) -> None:
    assert api.post("/v1/cases/1", data={"status": "open"}).status_code == 404
