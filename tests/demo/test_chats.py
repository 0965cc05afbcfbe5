import httpx
import pytest

from tests.demo.simulated import NOW


@pytest.fixture
def active(api: httpx.Client) -> str:
    chat: str = api.get("/v1/chats").json()[0]["id"]
    return chat


def test_the_list_holds_every_active_chat_and_no_other(api: httpx.Client) -> None:
    chats = api.get("/v1/chats", params={"limit": 1}).json()
    assert len(chats) == 18
    assert not any(chat["isArchived"] or chat["dateClosed"] for chat in chats)
    assert not any("messages" in chat for chat in chats)


@pytest.mark.parametrize("reference", ["5542", "CHT-5542", "cht-5542"])
def test_an_archived_chat_is_found_by_its_id(api: httpx.Client, reference: str) -> None:
    chat = api.get(f"/v1/chats/{reference}").json()
    assert (chat["id"], chat["isArchived"]) == ("CHT-5542", True)
    said = [one["message"] for one in chat["messages"] if one["sender"] != "system"]
    assert chat["lastMessage"] == said[-1]


def test_dates_of_a_chat_follow_from_its_messages(api: httpx.Client, active: str) -> None:
    chat = api.get(f"/v1/chats/{active}").json()
    by_sender = {one["sender"]: one["date"] for one in chat["messages"]}
    assert chat["dateLastMessageReceived"] == by_sender["client"]
    assert chat["dateLastResponse"] == by_sender["rep"]
    assert chat["dateLastMessage"] == max(by_sender.values())


def test_an_update_changes_what_is_given(api: httpx.Client, active: str) -> None:
    case = api.get("/v1/cases/89102").json()
    changes = {
        "title": "Export",
        "clientName": "P. Raman",
        "contactUuid": case["contactUuid"],
        "caseId": "cas-89102",
        "depid": "DEP-06",
        "repid": "304",
        "unseen": "3",
    }
    chat = api.post(f"/v1/chats/{active}", data=changes).raise_for_status().json()
    assert (chat["title"], chat["clientName"], chat["contactId"]) == ("Export", "P. Raman", case["contactid"])
    assert (chat["caseId"], chat["departmentId"], chat["repId"]) == ("CAS-89102", "DEP-06", 304)
    assert chat["unseen"] == 3
    assert chat == api.get(f"/v1/chats/{active}").json()


@pytest.mark.parametrize("name", ["contactUuid", "caseId", "depid", "repid", "unseen"])
def test_a_wrong_value_changes_nothing(api: httpx.Client, active: str, name: str) -> None:
    before = api.get(f"/v1/chats/{active}").json()
    answer = api.post(f"/v1/chats/{active}", data={"title": "Changed", "depid": "2", name: "99999"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name}:")
    assert api.get(f"/v1/chats/{active}").json() == before


def test_a_closed_chat_leaves_the_list_and_stays_readable(api: httpx.Client, active: str) -> None:
    closed = api.post(f"/v1/chats/{active}/close", data={"depid": "DEP-01", "repid": "303"}).json()
    assert (closed["isArchived"], closed["dateClosed"]) == (True, NOW.isoformat())
    assert (closed["departmentId"], closed["repId"]) == ("DEP-01", 303)
    assert active not in [chat["id"] for chat in api.get("/v1/chats").json()]
    assert api.get(f"/v1/chats/{active}").json() == closed


def test_closing_twice_does_no_more_than_once(api: httpx.Client, active: str) -> None:
    first = api.post(f"/v1/chats/{active}/close").json()
    assert api.post(f"/v1/chats/{active}/close").json() == first


def test_the_status_of_a_close_is_that_of_the_linked_case(api: httpx.Client, active: str) -> None:
    api.post(f"/v1/chats/{active}", data={"caseId": "89102"})
    api.post(f"/v1/chats/{active}/close", data={"status": "closed"})
    assert api.get("/v1/cases/89102").json()["status"] == "closed"


@pytest.mark.parametrize("path", ["/v1/chats/1", "/v1/chats/1/close"])
def test_a_chat_that_does_not_exist_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.post(path).status_code == 404
