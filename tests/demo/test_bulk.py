from typing import Any

import httpx
import pytest

PATH = "/v1/cases/update"
CASES = ("CAS-89150", "CAS-89149", "CAS-89148")


def update(api: httpx.Client, **query: str) -> dict[str, Any]:
    answer = api.post(PATH, params={"caseids": ",".join(CASES), **query})
    body: dict[str, Any] = answer.raise_for_status().json()
    return body


def read(api: httpx.Client) -> list[dict[str, Any]]:
    return [api.get(f"/v1/cases/{case}").json() for case in CASES]


def test_every_named_case_is_changed(api: httpx.Client) -> None:
    answer = update(api, status="closed", repid="305", depid="DEP-03", tagid="7")
    assert answer == {"updated": list(CASES), "mergedinto": None}
    for case in read(api):
        assert (case["status"], case["repid"], case["departmentid"]) == ("closed", 305, "DEP-03")
        assert 7 in case["tags"]


def test_snoozing_and_the_crm_stand_in_every_history(api: httpx.Client) -> None:
    update(api, snooze="2026-04-01T00:00:00Z", crmTagId="31", crmAutomationId="77")
    for case in read(api):
        texts = [entry["body"] for entry in case["history"][-3:]]
        assert texts[0].startswith("Snoozed until 2026-04-01")
        assert texts[1:] == ["Sent crmTagId 31 to the CRM.", "Sent crmAutomationId 77 to the CRM."]


def test_merging_moves_the_history_into_the_first_case_and_archives_the_others(api: httpx.Client) -> None:
    before = read(api)
    answer = update(api, merge="1")
    assert answer["mergedinto"] == CASES[0]
    target, *others = read(api)
    bodies = [entry["body"] for entry in target["history"]]
    assert all(entry["body"] in bodies for case in before for entry in case["history"])
    assert [case["isArchived"] for case in (target, *others)] == [False, True, True]
    assert {case["status"] for case in others} == {"closed"}
    assert others[0]["history"][-1]["body"] == f"Merged into {CASES[0]}."


def test_a_case_that_is_named_twice_is_changed_once(api: httpx.Client) -> None:
    answer = api.post(PATH, params={"caseids": "89150,CAS-89150", "repid": "305"}).json()
    assert answer["updated"] == ["CAS-89150"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"caseids": ""}, "caseids"),
        ({"caseids": "89150,1"}, "caseids"),
        ({"caseids": "89150", "merge": "true"}, "caseids"),
        ({"merge": "perhaps"}, "merge"),
        ({"status": "asleep"}, "status"),
        ({"repid": "999"}, "repid"),
        ({"tagid": "999"}, "tagid"),
        ({"snooze": "2020-01-01"}, "snooze"),
    ],
)
def test_a_wrong_parameter_changes_no_case_at_all(
    api: httpx.Client,
    query: dict[str, str],
    name: str,
) -> None:
    before = read(api)
    answer = api.post(PATH, params={"caseids": ",".join(CASES), "depid": "DEP-02", **query})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}:")
    assert read(api) == before


def test_parameters_in_the_body_are_not_those_of_a_bulk_update(api: httpx.Client) -> None:
    assert api.post(PATH, data={"caseids": "89150", "status": "closed"}).status_code == 400
