from typing import Any

import httpx
import pytest

PATH = "/v1/casetags"


def tag(api: httpx.Client, name: str) -> dict[str, Any]:
    return next(one for one in api.get(PATH).json() if one["tagname"] == name)


def test_tags_are_listed_with_the_number_of_their_cases(api: httpx.Client) -> None:
    before = tag(api, "hardware")["totalcases"]
    api.post("/v1/cases/89102/tag/8")
    assert tag(api, "hardware")["totalcases"] == before + 1
    assert tag(api, "churn-risk")["hidden"] is True


def test_a_created_tag_can_be_put_on_a_case(api: httpx.Client) -> None:
    made = api.post(PATH, data={"tagname": "export"}).raise_for_status().json()
    assert made == {"id": 13, "tagname": "export", "hidden": False, "totalcases": 0}
    assert 13 in api.post("/v1/cases/89102/tag/13").json()["tags"]


@pytest.mark.parametrize("name", ["", "Billing"])
def test_a_tag_without_a_name_or_with_a_taken_one_is_refused(api: httpx.Client, name: str) -> None:
    answer = api.post(PATH, data={"tagname": name})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("tagname:")


def test_a_deleted_tag_is_taken_off_every_case_and_its_number_stays_unused(api: httpx.Client) -> None:
    last = api.post(PATH, data={"tagname": "export"}).json()["id"]
    api.post(f"/v1/cases/89102/tag/{last}")
    assert api.delete(f"{PATH}/{last}").json() == {"id": last, "deleted": True}
    assert last not in api.get("/v1/cases/89102").json()["tags"]
    assert api.delete(f"{PATH}/{last}").status_code == 404
    assert api.post(PATH, data={"tagname": "export"}).json()["id"] == last + 1
