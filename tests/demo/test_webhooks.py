import httpx
import pytest

PATH = "/v2/webhooks"
WEBHOOK = {"objectType": "case", "action": "closed", "url": "https://hooks.acme.example/closed"}


def test_a_created_webhook_is_listed_until_it_is_deleted(api: httpx.Client) -> None:
    made = api.post(PATH, data=WEBHOOK).raise_for_status().json()
    assert made == {"id": 2, **WEBHOOK}
    assert made in api.get(PATH).json()
    assert api.delete(f"{PATH}/2").json() == {"id": 2, "deleted": True}
    assert made not in api.get(PATH).json()
    assert api.delete(f"{PATH}/2").status_code == 404


@pytest.mark.parametrize("name", ["objectType", "action", "url"])
def test_a_webhook_that_lacks_something_is_refused_by_name(api: httpx.Client, name: str) -> None:
    answer = api.post(PATH, data=WEBHOOK | {name: ""})
    assert answer.json()["error"] == f"{name}: this parameter is required."


def test_a_webhook_needs_an_address_of_the_web(api: httpx.Client) -> None:
    assert api.post(PATH, data=WEBHOOK | {"url": "ftp://acme.example"}).status_code == 400
