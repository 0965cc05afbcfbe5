"""The management API of documentation records."""

import pytest

from accounts.models import AuditEntry, Environment, Integration, Role, User
from tests.admin_site import staff
from tests.people import People
from tests.rest import Rest, problem, reasons, token_for, token_of
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.formats import Format, listing_of
from tools.models import Documentation

RECORDS = "/documentation"


@pytest.fixture
def record(integration: Integration) -> Documentation:
    return Documentation.objects.get(resource="cases", method="list")


@pytest.fixture
def one(record: Documentation) -> str:
    return f"{RECORDS}/{record.pk}"


@pytest.fixture
def editor(environment: Environment) -> Rest:
    return Rest(token_for(staff("tools.change_documentation"), environment))


def test_record_tells_its_tool_and_the_verdict_of_the_gate(environment: Environment, one: str) -> None:
    shown = Rest(token_of(environment, Role.VIEWER)).get(one).json()
    assert shown["tool_name"] == "list_all_fuse_desk_cases"
    assert shown["gate"] == {"passes": True, "problems": []}
    assert shown["tokens"] > 100
    assert shown["lint"]["score"] >= 80
    assert (shown["integration"], shown["resource"], shown["method"]) == ("fuse_desk", "cases", "list")
    assert shown["query_schema"]["properties"]["status"]


def test_record_tells_its_score_and_what_to_do(editor: Rest, one: str) -> None:
    lint = editor.patch(one, {"description": "Powerful!", "response_schema": {}}).json()["lint"]
    assert lint["score"] < 60
    finding = next(each for each in lint["findings"] if each["rule"] == "description-marketing")
    assert finding["place"] == "description"
    assert "Powerful" in finding["reason"]


def test_lint_of_an_integration_tells_every_record_and_the_whole(environment: Environment, one: str) -> None:
    rest = Rest(token_of(environment, Role.VIEWER))
    shown = rest.get("/integration/fuse_desk/lint").json()
    assert (shown["integration"], shown["drafts"]) == ("fuse_desk", 0)
    assert shown["score"] >= 90
    assert shown["tools"] == len(shown["records"]) == Documentation.objects.count()
    assert shown["tokens"] == sum(each["tokens"] for each in shown["records"])
    assert shown["findings"][0].startswith("44 tools are more than the 40")
    first = shown["records"][0]
    assert (first["resource"], first["method"], first["tool_name"]) == ("cases", "list", "list_all_fuse_desk_cases")
    assert (first["state"], first["problems"]) == ("exposed", [])
    problem(rest.get("/integration/nothing/lint"), 404)
    problem(Rest("").get("/integration/fuse_desk/lint"), 401)


def test_list_is_filtered_and_comes_in_pages(
    environment: Environment, integration: Integration, django_assert_max_num_queries: object
) -> None:
    rest = Rest(token_of(environment, Role.VIEWER))
    cases = rest.get(RECORDS, integration="fuse_desk", resource="cases").json()["result"]
    assert {record["resource"] for record in cases} == {"cases"}
    assert len(cases) == Documentation.objects.filter(resource="cases").count()
    assert rest.get(RECORDS, integration="zendesk").json()["result"] == []
    first = rest.get(RECORDS, limit=30).json()
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        second = rest.get(RECORDS, limit=30, next_cursor=first["next_cursor"]).json()
    assert len(first["result"]) + len(second["result"]) == Documentation.objects.count()


def test_staff_change_a_record_and_the_tool_with_it(editor: Rest, one: str, record: Documentation) -> None:
    words = "Lists the support cases of the team, each as a summary with its id, status and subject."
    changed = editor.patch(one, {"title": "All cases", "description": words}).json()
    assert (changed["title"], changed["description"], changed["updated_by"]) == ("All cases", words, "editor")
    record.refresh_from_db()
    assert record.is_edited
    entry = AuditEntry.objects.get(action="documentation.changed")
    assert (entry.target_name, entry.details) == (
        "fuse_desk.cases.list",
        {"changed": ["description", "title"]},
    )
    assert entry.actor.startswith("API token a token of editor")


def test_examples_that_are_no_calls_are_found_by_the_lint_and_shown_to_no_model(
    editor: Rest, one: str, record: Documentation
) -> None:
    examples = [{"status": "ajar"}, {"status": "open"}]
    changed = editor.patch(one, {"examples": examples}).json()
    assert changed["examples"] == examples
    assert changed["gate"]["passes"]
    assert [finding["place"] for finding in changed["lint"]["findings"]] == ["examples[0].status"]
    tool = catalogue_of(Integration.objects.get(pk=record.integration_id)).get("list_all_fuse_desk_cases")
    assert listing_of([tool], Format.ANTHROPIC).tools[0]["input_examples"] == [{"status": "open"}]


def test_change_of_nothing_leaves_no_trace(editor: Rest, one: str, record: Documentation) -> None:
    assert editor.patch(one, {"title": record.title}).status_code == 200
    assert not AuditEntry.objects.filter(action="documentation.changed").exists()


def test_record_that_the_gate_refuses_is_kept_as_a_draft_with_the_reasons(editor: Rest, one: str) -> None:
    draft = editor.patch(one, {"description": "Lists."}).json()
    assert draft["gate"]["passes"] is False
    assert "too thin" in draft["gate"]["problems"][0]
    assert (draft["tool_name"], draft["tokens"]) == (None, None)


def test_withdrawn_record_passes_the_gate_but_makes_no_tool(editor: Rest, one: str) -> None:
    withdrawn = editor.patch(one, {"published": False}).json()
    assert withdrawn["gate"] == {"passes": True, "problems": []}
    assert (withdrawn["published"], withdrawn["tool_name"], withdrawn["tokens"]) == (False, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 5),
        ("title", "x" * 121),
        ("description", None),
        ("query_schema", []),
        ("query_schema", "{}"),
        ("examples", {"status": "open"}),
        ("examples", ["open"]),
        ("body_schema", {"properties": {"a": {"enum": ["nul\0"]}}}),
        ("published", "no"),
        ("resource", "chats"),
        ("titel", "x"),
    ],
)
def test_wrong_types_and_unknown_fields_are_refused(editor: Rest, one: str, field: str, value: object) -> None:
    assert {place.partition("[")[0] for place in reasons(editor.patch(one, {field: value}))} == {field}


def test_nobody_but_staff_changes_what_all_environments_share(
    environment: Environment, people: People, one: str, record: Documentation
) -> None:
    owners = token_for(people.owner, environment)
    operators = token_of(environment, Role.OPERATOR)
    outsiders = token_of(people.elsewhere)
    assert "member of the staff" in problem(Rest(owners).patch(one, {"title": "x"}), 403)["detail"]
    assert "role admin" in problem(Rest(operators).patch(one, {"title": "x"}), 403)["detail"]
    assert "acts for nobody" in problem(Rest(outsiders).patch(one, {"title": "x"}), 403)["detail"]
    assert Documentation.objects.get(pk=record.pk).title == record.title


def test_token_of_somebody_who_left_the_staff_changes_nothing(editor: Rest, one: str) -> None:
    User.objects.filter(username="editor").update(is_staff=False)
    assert "member of the staff" in problem(editor.patch(one, {"title": "x"}), 403)["detail"]
    User.objects.filter(username="editor").update(is_staff=True, is_active=False)
    problem(editor.patch(one, {"title": "x"}), 401)


def test_token_of_staff_without_the_permission_changes_nothing(
    environment: Environment, one: str, record: Documentation
) -> None:
    viewer = Rest(token_for(staff("tools.view_documentation", "accounts.change_integration"), environment))
    assert "tools.change_documentation" in problem(viewer.patch(one, {"title": "x"}), 403)["detail"]
    assert Documentation.objects.get(pk=record.pk).title == record.title


def test_every_path_answers_with_a_trailing_slash_too(editor: Rest, one: str) -> None:
    assert editor.get(f"{RECORDS}/").status_code == editor.get(f"{one}/").status_code == 200
    assert editor.patch(f"{one}/", {}).status_code == 200
    problem(editor.get(f"{RECORDS}/0"), 404)
