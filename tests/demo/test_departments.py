import httpx
import pytest

PATH = "/v2/departments"


def names(api: httpx.Client, which: str = "") -> list[str]:
    return [department["name"] for department in api.get(PATH + which).raise_for_status().json()]


def test_lists_tell_the_departments_in_use_from_the_archived(api: httpx.Client) -> None:
    assert "Partner Desk" not in names(api)
    assert names(api, "/archived") == ["Partner Desk"]
    assert names(api, "/all") == [*names(api), "Partner Desk"]


@pytest.mark.parametrize("reference", ["4", "DEP-04", "dep-04", "DEP-4"])
def test_a_department_is_read_by_number_or_reference(api: httpx.Client, reference: str) -> None:
    department = api.get(f"{PATH}/{reference}").json()
    assert (department["id"], department["name"]) == ("DEP-04", "Technical Support")
    assert department["repUserIds"] == [41, 42, 47]
    assert (department["stale"], department["staleWarning"]) == (False, None)


def test_a_created_department_takes_cases(api: httpx.Client) -> None:
    made = api.post(PATH, data={"name": "Returns"}).raise_for_status().json()
    assert made["id"] == "DEP-08"
    case = {"depid": made["id"], "summary": "A", "details": "B", "openedby": "phone"}
    assert api.post("/v1/cases", data=case).json()["departmentid"] == "DEP-08"


def test_a_department_without_a_name_is_refused(api: httpx.Client) -> None:
    assert api.post(PATH).json()["error"] == "name: this parameter is required."


def test_an_update_renames(api: httpx.Client) -> None:
    assert api.post(f"{PATH}/DEP-04", data={"name": "Tech"}).json()["name"] == "Tech"
    assert "Tech" in names(api)


def test_a_deleted_department_is_archived_until_it_is_restored(api: httpx.Client) -> None:
    assert api.delete(f"{PATH}/DEP-04").status_code == 200
    assert "Technical Support" not in names(api)
    assert "Technical Support" in names(api, "/archived")
    assert api.post(f"{PATH}/4/restore").json()["id"] == "DEP-04"
    assert "Technical Support" in names(api)


@pytest.mark.parametrize("action", ["GET ", "POST ", "DELETE ", "POST /restore"])
def test_a_department_that_does_not_exist_is_not_found(api: httpx.Client, action: str) -> None:
    method, path = action.split(" ")
    assert api.request(method, f"{PATH}/DEP-99{path}").status_code == 404
