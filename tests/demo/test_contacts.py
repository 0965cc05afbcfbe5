import httpx
import pytest

from tests.demo.simulated import NOW, Elapsed

PATH = "/v2/contacts"


def found(api: httpx.Client, search: str, **query: str) -> list[str]:
    answer = api.get(PATH, params={"search": search, **query})
    return [contact["emailAddress"] for contact in answer.raise_for_status().json()]


@pytest.mark.parametrize("search", ["jane doe", "JANE.DOE@example.com", "doe interiors", "Doe"])
def test_a_contact_is_found_by_name_address_or_company_whatever_the_letters(
    api: httpx.Client,
    search: str,
) -> None:
    assert found(api, search) == ["jane.doe@example.com"]


def test_a_search_finds_names_that_are_not_ascii(api: httpx.Client) -> None:
    assert found(api, "星野") == ["kenichi.hoshino@hoshinopaper.example"]
    assert found(api, "WEISS") == found(api, "weiß") == ["juergen.weiss@werkbank-sued.example"]


def test_a_search_for_nobody_is_empty(api: httpx.Client) -> None:
    assert found(api, "zzz") == []


def test_found_contacts_come_in_pages(api: httpx.Client) -> None:
    whole = found(api, "example", limit="100")
    assert found(api, "example", limit="10", offset="10") == whole[10:20]


@pytest.mark.parametrize("query", [{}, {"search": ""}])
def test_a_list_without_a_search_is_refused(api: httpx.Client, query: dict[str, str]) -> None:
    answer = api.get(PATH, params=query)
    assert answer.status_code == 400
    assert answer.json()["error"] == "search: this parameter is required."


def test_a_created_contact_can_be_found_and_read(api: httpx.Client) -> None:
    values = {"firstName": "Zoë", "lastName": "Brûlé", "emailAddress2": "zoe@second.example"}
    made = api.post(PATH, data=values).raise_for_status().json()
    assert made["dateCreated"] == NOW.isoformat()
    assert made["emailAddress2"] == "zoe@second.example"
    assert api.get(PATH, params={"search": "zoe@second"}).json()[0]["id"] == made["id"]
    assert api.get(f"{PATH}/{made['id']}").json() == made


def test_a_contact_of_nothing_is_refused(api: httpx.Client) -> None:
    assert api.post(PATH, data={"company": "Nobody Ltd"}).status_code == 400


def test_an_update_changes_what_is_given_and_the_date(api: httpx.Client, elapsed: Elapsed) -> None:
    elapsed.seconds += 5
    before = api.get(f"{PATH}/4005").json()
    after = api.post(f"{PATH}/4005", data={"company": "Southwind", "phone2": "+44 20 7946 0999"}).json()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"company", "phone2", "dateUpdated"}
    assert api.get(f"{PATH}/4005").json() == after


def test_a_case_is_found_by_the_second_address_of_its_contact(api: httpx.Client) -> None:
    api.post(f"{PATH}/4005", data={"emailAddress3": "priya@private.example"})
    cases = api.get("/v1/cases", params={"email": "priya@private.example"}).json()
    assert {case["contactid"] for case in cases} == {4005}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_contact_that_does_not_exist_is_not_found(api: httpx.Client, method: str) -> None:
    assert api.request(method, f"{PATH}/1").status_code == 404
