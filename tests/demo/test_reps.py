import httpx


def test_every_rep_is_listed_active_or_not(api: httpx.Client) -> None:
    reps = api.get("/v2/reps").json()
    assert len(reps) == 10
    assert [rep["active"] for rep in reps].count(False) == 1


def test_a_rep_is_read_by_the_id_of_the_user(api: httpx.Client) -> None:
    rep = api.get("/v2/reps/41").json()
    assert (rep["userId"], rep["repid"], rep["firstName"]) == (41, 301, "Maya")
    assert rep["defaultDepartmentId"] == "DEP-04"


def test_the_repid_of_a_case_is_not_the_id_of_a_user(api: httpx.Client) -> None:
    assert api.get("/v2/reps/301").status_code == 404


def test_every_case_and_chat_refers_to_a_rep_that_is_listed(api: httpx.Client) -> None:
    known = {rep["repid"] for rep in api.get("/v2/reps").json()} | {None}
    assert {case["repid"] for case in api.get("/v1/cases?limit=100").json()} <= known
    assert {chat["repId"] for chat in api.get("/v1/chats").json()} <= known
