"""`manage.py import_openapi`: what it prints, what it makes, and that importing again keeps editors' work."""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.models import Integration
from tests.bundles import load_bundle
from tests.tools.openapi.documents import DESK_30, STORE_20, answering, described, large, operation
from tools.catalogue.compilation import build
from tools.documentation.bundles import LOADED, write_bundle
from tools.models import Documentation, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "description.yaml"
    path.write_text(DESK_30)
    return path


def run(file: Path, *options: str) -> str:
    output = io.StringIO()
    call_command("import_openapi", str(file), "--name", "acme", *options, stdout=output)
    return output.getvalue()


def report(file: Path, *options: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(run(file, "--json", *options))
    return parsed


def row(key: str) -> Documentation:
    resource, _, method = key.partition(".")
    return Documentation.objects.get(resource=resource, method=method)


def test_json_is_one_object_with_the_figures(file: Path) -> None:
    printed = report(file)
    assert (printed["operations"], printed["tools"], len(printed["refused"])) == (19, 13, 6)
    assert all(each["operation"] and each["reason"] for each in printed["refused"])
    assert printed["seconds"] > 0
    assert 0 < printed["largest_schema_bytes"] < 10_000
    assert (printed["published"], printed["drafts"]) == (0, [])


def test_records_come_as_drafts_that_make_no_tool(file: Path) -> None:
    assert "19 operations, 13 tools, 6 refused" in run(file)
    assert Documentation.objects.filter(published=True).count() == 0
    assert len(build(Integration.objects.get(name="acme"))) == 0


def test_publishing_makes_tools_of_all_that_pass(file: Path) -> None:
    assert report(file, "--publish")["published"] == 13
    assert len(build(Integration.objects.get(name="acme"))) == 13


def test_drafts_can_be_published_later_but_not_what_somebody_withdrew(file: Path) -> None:
    run(file)
    listed = row("tickets.list")
    listed.published = True
    listed.save()
    listed.published = False
    listed.save()
    assert report(file, "--publish")["published"] == 12
    assert not row("tickets.list").published


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A description of 120 reads, of which 70 have a tag and 10 of these another, and of a write without one."""
    tagged = {"orders": (60, ["Billing"]), "refunds": (10, ["Billing", "Support"]), "notes": (50, [])}
    paths: dict[str, Any] = {
        f"/{resource}{number}": {"get": answering({"type": "array"}, tags=tags)}
        for resource, (count, tags) in tagged.items()
        for number in range(count)
    }
    paths["/notes0"]["post"] = operation(operationId="makeNote")
    path = tmp_path / "many.yaml"
    path.write_text(described(paths))
    return path


def test_more_than_a_hundred_are_published_only_by_choice(many: Path) -> None:
    asked = report(many, "--publish")
    assert (asked["published"], asked["needs_choice"], asked["publishable"]["drafts"]) == (0, True, 121)
    groups = {next(iter(group.items())): group for group in asked["groups"]}
    assert [*groups][:3] == [("tag", "billing"), ("tag", "support"), ("resource", "notes_0")]
    billing = groups[("tag", "billing")]
    assert (billing["drafts"], billing["reads"], billing["writes"]) == (70, 70, 0)
    assert groups[("resource", "notes_0")]["writes"] == 1
    assert 0 < groups[("tag", "support")]["tokens"] < billing["tokens"] < asked["publishable"]["tokens"]
    assert tools_of_acme() == []

    again = run(many, "--publish")  # all of it is unchanged by now, and published as little
    for words in ("Nothing was published: 121 drafts", "tag billing: 70 drafts (70 read, 0 write)", "--tags", "--all"):
        assert words in again

    assert report(many, "--publish", "--tags", "support", "--resources", "notes_0,notes_1")["published"] == 13
    assert len(tools_of_acme()) == 13
    assert report(many, "--publish")["needs_choice"]  # 108 are left
    assert report(many, "--publish", "--tags", "billing")["published"] == 60
    left = report(many, "--publish")
    assert (left["published"], left["needs_choice"]) == (48, False)


def test_all_are_published_where_that_is_said(many: Path) -> None:
    assert report(many, "--publish", "--all")["published"] == 121


def test_a_choice_of_what_is_not_there_changes_nothing(many: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no tag Billing; did you mean billing\? There is no resource x\."):
        run(many, "--publish", "--tags", "Billing", "--resources", "x")
    with pytest.raises(CommandError, match="say --publish too"):
        run(many, "--tags", "billing")
    assert not Integration.objects.exists()


def test_a_single_operation_is_counted_in_the_singular(file: Path) -> None:
    file.write_text(described({"/a": {"get": operation()}}))
    printed = run(file)
    assert "(acme): 1 operation, 1 tool, 0 refused" in printed
    assert "Changed: 1 record added, 0 changed" in printed


def test_a_dry_run_changes_nothing(file: Path) -> None:
    assert len(report(file, "--dry-run")["changes"]["added"]) == 13
    assert "Would change: 13 records added" in run(file, "--dry-run")
    assert not Integration.objects.exists()


def test_importing_again_changes_nothing(file: Path) -> None:
    run(file)
    before = list(Documentation.objects.values()), Integration.objects.values().get()
    changes = report(file)["changes"]
    nothing: dict[str, Any] = {"definition": [], "added": [], "changed": [], "kept": [], "gone": [], "lost": []}
    assert changes == {**nothing, "unchanged": 13, "accounts_stopped": 0}
    assert (list(Documentation.objects.values()), Integration.objects.values().get()) == before


def tools_of_acme() -> list[str]:
    return [tool.name for tool in build(Integration.objects.get(name="acme"))]


def test_importing_again_never_takes_live_tools_away(file: Path) -> None:
    run(file, "--publish")
    before = tools_of_acme()
    for options in (["--overwrite"], ["--overwrite", "--publish"], ["--publish"], []):
        again = report(file, *options)
        assert (again["changes"]["lost"], again["changes"]["changed"], again["published"]) == ([], [], 0)
        assert tools_of_acme() == before


def test_what_an_earlier_import_took_back_can_be_published_again(file: Path) -> None:
    run(file, "--publish")
    withdrawn = row("tickets.get")
    withdrawn.published = False
    withdrawn.save()
    with acting(reason=LOADED):
        for each in Documentation.objects.filter(published=True):
            each.published = False
            each.save()
    assert report(file, "--publish")["published"] == 12
    assert not row("tickets.get").published


def test_a_description_that_lost_a_live_tools_operation_asks_first(file: Path) -> None:
    run(file, "--publish")
    before = tools_of_acme()
    document = yaml.safe_load(DESK_30)
    del document["paths"]["/v2/labels/{name}"]
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    lost = report(file, "--dry-run", "--overwrite")["changes"]["lost"]
    assert [each["reason"] for each in lost] == ["its method is gone from the definition."]
    with pytest.raises(CommandError, match=r"nothing was changed.\nIt would take 1 live tool away:[\s\S]*--withdraw"):
        run(file, "--overwrite")
    assert tools_of_acme() == before
    run(file, "--overwrite", "--withdraw")
    assert len(tools_of_acme()) == len(before) - 1


def changed_description() -> str:
    """Return the description with an operation more, one less, one with other words, and one moved."""
    document = yaml.safe_load(DESK_30)
    paths = document["paths"]
    paths["/v2/queues"] = {"get": answering({"type": "array", "items": {"type": "object"}}, operationId="listQueues")}
    del paths["/v2/labels/{name}"]
    paths["/v2/tickets"]["get"]["summary"] = "List the tickets"
    paths["/v2/tickets/{ticket-id}/close"]["post"]["summary"] = "Close it"
    paths["/v2/tickets/{ticket-id}"]["get"]["responses"] = {"200": {"description": "OK"}}
    return yaml.safe_dump(document, sort_keys=False)


def test_importing_another_version_shows_the_difference_and_keeps_editors_work(file: Path) -> None:
    run(file, "--publish")
    edited = row("tickets.list")
    edited.title = "Edited here"
    edited.save()
    file.write_text(changed_description())
    shown = report(file, "--dry-run")["changes"]
    assert shown["added"] == ["queues.list"]
    assert shown["kept"] == ["tickets.list"]
    assert shown["gone"] == ["labels.update"]
    assert {each["record"]: each["fields"] for each in shown["changed"]} == {
        "tickets.get": ["response_schema"],
        "tickets.close": ["title", "description"],
    }
    assert "resources.queues: new" in shown["definition"]
    assert "resources.tickets.get: accept, result changed" in shown["definition"]
    assert report(file)["changes"] == shown
    assert row("tickets.list").title == "Edited here"
    assert row("labels.update").published
    assert (row("queues.list").published, row("tickets.close").published) == (False, True)


def test_overwriting_replaces_what_was_edited(file: Path) -> None:
    run(file)
    edited = row("tickets.list")
    edited.title = "Edited here"
    edited.save()
    assert report(file, "--overwrite")["changes"]["changed"] == [{"record": "tickets.list", "fields": ["title"]}]
    assert row("tickets.list").title == "List tickets"


def test_chapters_of_the_definition_and_names_that_an_editor_chose_stay(file: Path) -> None:
    run(file)
    integration = Integration.objects.get(name="acme")
    definition = integration.definition
    definition["instructions"] = "Ask before you close."
    definition["base_url"] = "https://{subdomain}.acme.example/other"
    definition["resources"]["cases"] = definition["resources"].pop("tickets")
    definition["tool_tags"] = {}
    integration.save()
    Documentation.objects.filter(resource="tickets").update(resource="cases")
    run(file)
    integration.refresh_from_db()
    assert integration.definition["instructions"] == "Ask before you close."
    assert integration.definition["base_url"] == "https://{subdomain}.acme.example/other"
    assert "tickets" not in integration.definition["resources"]
    assert Documentation.objects.filter(resource="cases").count() == 8


def test_an_imported_integration_survives_export_and_loading_elsewhere(file: Path) -> None:
    run(file)
    Documentation.objects.filter(method="list").update(published=True)
    integration = Integration.objects.get(name="acme")
    fields = (
        "resource",
        "method",
        "title",
        "description",
        "query_schema",
        "body_schema",
        "response_schema",
        "published",
    )
    before, definition = list(Documentation.objects.values(*fields)), integration.definition
    text = write_bundle(integration)
    integration.delete()
    again = load_bundle(text).integration
    assert list(Documentation.objects.values(*fields)) == before
    assert json.dumps(again.definition) == json.dumps(definition)


def test_a_thousand_operations_come_in_under_ten_seconds(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(json.dumps(yaml.load(large(1000), yaml.CSafeLoader)))
    began = time.process_time()
    printed = report(path)
    assert time.process_time() - began < 10
    assert (printed["operations"], printed["tools"], printed["refused"]) == (1000, 1000, [])
    assert Documentation.objects.count() == 1000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not hold an object"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"openapi: 3.0.0", "has no `paths`"),
        (described({"/a": {"get": operation()}}, servers=[]).encode(), "--base-url"),
        (described({"/a": {"head": operation()}}).encode(), "No operation of the document can become a tool"),
        (STORE_20[:400].encode() + b"[", "neither YAML nor JSON"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_in_words(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run(file)
    assert not Integration.objects.exists()


def test_a_file_that_is_not_there_and_a_name_that_is_none_are_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(file.with_name("missing.yaml"))
    with pytest.raises(CommandError, match="lower-case letters"):
        call_command("import_openapi", str(file), "--name", "Acme Desk")


def test_a_definition_that_does_not_fit_any_more_is_named_with_its_place(file: Path) -> None:
    run(file)
    integration = Integration.objects.get(name="acme")
    integration.definition["pagination"] = {"kind": "guess"}
    integration.save()
    with pytest.raises(CommandError, match="pagination: "):
        run(file)
