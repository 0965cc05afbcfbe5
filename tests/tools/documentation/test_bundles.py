"""Bundle files: loaded as often as one likes, written without loss, and refused with every problem in its place."""

import copy
import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tests.bundles import load_bundle
from tests.fuse_desk import BUNDLE
from tests.vendors.desk import DESK
from tools.catalogue.compilation import build
from tools.documentation.bundle_text import MAX_NODES, read_document
from tools.documentation.bundles import LoadResult, compare_bundle, write_bundle
from tools.errors import BundleInvalid, LossUnconfirmed
from tools.models import Documentation

pytestmark = pytest.mark.django_db
DOCUMENT: dict[str, Any] = yaml.safe_load(DESK)
# What a database keeps: no NUL, no half of a pair of surrogates.
WORDS = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
TEXTS = {"the desk": DESK, "FuseDesk": BUNDLE.read_text()}


def changed(**parts: Any) -> str:
    return yaml.safe_dump({**copy.deepcopy(DOCUMENT), **parts})


def with_record(**values: Any) -> str:
    """Return the bundle with its first record changed."""
    return changed(documentation=[{**DOCUMENT["documentation"][0], **values}, *DOCUMENT["documentation"][1:]])


def problems(text: str) -> list[str]:
    before = list(Integration.objects.values()), list(Documentation.objects.values())
    with pytest.raises((BundleInvalid, DefinitionInvalid)) as refused:
        load_bundle(text)
    assert (list(Integration.objects.values()), list(Documentation.objects.values())) == before
    assert isinstance(refused.value, BundleInvalid | DefinitionInvalid)
    return refused.value.problems


def counts(loaded: LoadResult) -> tuple[int, int, int, int]:
    return len(loaded.created), len(loaded.updated), len(loaded.unchanged), len(loaded.kept)


class TestLoading:
    """What loading does to what is there."""

    @pytest.mark.parametrize("name", TEXTS)
    def test_loading_twice_changes_nothing_the_second_time(self, name: str) -> None:
        first = load_bundle(TEXTS[name])
        total = len(first.created)
        rows, revision = list(Documentation.objects.values()), first.integration.revision
        again = load_bundle(TEXTS[name])
        assert counts(again) == (0, 0, total, 0)
        assert list(Documentation.objects.values()) == rows
        assert again.integration.revision == revision

    def test_another_text_of_a_record_replaces_it(self) -> None:
        load_bundle(DESK)
        loaded = load_bundle(with_record(title="Tickets, newest first"))
        assert counts(loaded) == (0, 1, 8, 0)
        assert build(loaded.integration).get("list_all_desk_tickets").title == "Tickets, newest first"

    def test_what_an_editor_changed_is_kept_unless_told_otherwise(self) -> None:
        integration = load_bundle(DESK).integration
        row = Documentation.objects.get(integration=integration, resource="tickets", method="list")
        row.title = "Edited"
        row.save()
        assert load_bundle(with_record(title="From the file")).kept == ["tickets.list"]
        row.refresh_from_db()
        assert (row.title, row.is_edited) == ("Edited", True)
        assert load_bundle(with_record(title="From the file"), overwrite=True).updated == ["tickets.list"]
        row.refresh_from_db()
        assert (row.title, row.is_edited) == ("From the file", False)

    def test_a_record_overwritten_with_its_own_text_counts_as_the_files_again(self) -> None:
        integration = load_bundle(DESK).integration
        row = Documentation.objects.get(integration=integration, resource="tickets", method="list")
        row.title = "Edited"
        row.save()
        text = with_record(title="Edited")
        load_bundle(text, overwrite=True)
        assert load_bundle(text).kept == []

    def test_a_withdrawn_record_stays_withdrawn(self) -> None:
        integration = load_bundle(DESK).integration
        Documentation.objects.filter(integration=integration, method="create").update(published=False)
        load_bundle(changed(), overwrite=True)
        assert not Documentation.objects.get(integration=integration, method="create").published

    def test_a_record_that_the_file_no_longer_has_stays(self) -> None:
        load_bundle(DESK)
        loaded = load_bundle(changed(documentation=DOCUMENT["documentation"][:2]))
        assert Documentation.objects.count() == 9
        assert len(loaded.gone) == 7

    def test_a_record_that_the_file_withdraws_arrives_withdrawn_and_what_an_editor_published_stays(self) -> None:
        text = with_record(published=False)
        row = Documentation.objects.get(integration=load_bundle(text).integration, resource="tickets", method="list")
        assert not row.published
        row.published = True
        row.save()
        assert counts(load_bundle(text)) == (0, 0, 9, 0)
        row.refresh_from_db()
        assert row.published
        with pytest.raises(LossUnconfirmed, match=r"1 live tool away:\n  tickets.list: the file withdraws it."):
            load_bundle(text, overwrite=True)
        row.refresh_from_db()
        assert row.published
        assert load_bundle(text, overwrite=True, withdraw=True).changes == {"tickets.list": ["published"]}
        row.refresh_from_db()
        assert not row.published

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_loading_twice_ends_where_loading_once_did(self, overwrite: bool) -> None:
        first = load_bundle(DESK).integration
        before, revision = list(Documentation.objects.order_by("pk").values()), first.revision
        again = load_bundle(DESK, overwrite=overwrite)
        assert not again.changes_something
        assert list(Documentation.objects.order_by("pk").values()) == before
        assert again.integration.revision == revision

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda document, record: record.update(description="Thin."), "description: is too thin"),
            (
                lambda document, record: document["integration"]["resources"]["tickets"]["methods"].pop("list"),
                "its method is gone from the definition.",
            ),
        ],
    )
    def test_a_load_that_would_take_a_live_tool_away_asks_first(
        self, change: Callable[[Any, Any], Any], reason: str
    ) -> None:
        integration = load_bundle(DESK).integration
        before = [tool.name for tool in build(integration)]
        document = copy.deepcopy(DOCUMENT)
        record = next(each for each in document["documentation"] if each["method"] == "list")
        change(document, record)
        text = yaml.safe_dump(document, sort_keys=False)
        assert compare_bundle(text).lost["tickets.list"].startswith(reason)
        with pytest.raises(LossUnconfirmed):
            load_bundle(text)
        assert [tool.name for tool in build(Integration.objects.get(pk=integration.pk))] == before
        load_bundle(text, withdraw=True)
        after = [tool.name for tool in build(Integration.objects.get(pk=integration.pk))]
        assert after == [name for name in before if name != "list_all_desk_tickets"]

    def test_another_order_of_methods_is_a_change(self) -> None:
        before = load_bundle(DESK).integration
        document = copy.deepcopy(DOCUMENT)
        methods = document["integration"]["resources"]["tickets"]["methods"]
        methods["list"] = methods.pop("list")
        loaded = load_bundle(yaml.safe_dump(document, sort_keys=False))
        assert loaded.definition == ["resources: in another order"]
        assert loaded.integration.revision > before.revision


class TestComparing:
    """What loading would do is told without doing it."""

    def test_nothing_is_changed(self) -> None:
        loaded = compare_bundle(DESK)
        assert (loaded.is_new, len(loaded.created)) == (True, 9)
        assert not Integration.objects.exists()

    def test_each_difference_is_named(self) -> None:
        load_bundle(DESK)
        document = copy.deepcopy(DOCUMENT)
        document["integration"]["base_url"] = "https://other.example"
        document["integration"]["resources"]["tickets"]["methods"]["get"]["path"] = "/t/{id}"
        del document["integration"]["resources"]["queues"]["methods"]["names"]
        document["documentation"][0]["title"] = "Other"
        loaded = compare_bundle(yaml.safe_dump(document, sort_keys=False))
        assert loaded.definition == [
            "base_url: changed",
            "resources.tickets.get: path changed",
            "resources.queues.names: gone",
        ]
        assert loaded.changes == {"tickets.list": ["title"]}
        assert [*loaded.drafts] == ["queues.names"]
        assert Integration.objects.get().definition["base_url"] == "https://desk.example"

    def test_the_command_says_it_too(self, tmp_path: Path) -> None:
        file, output = tmp_path / "desk.yaml", io.StringIO()
        file.write_text(DESK)
        call_command("load_integration", str(file), dry_run=True, stdout=output)
        assert "desk.yaml (nothing is changed): Desk, 9 records created" in output.getvalue()
        assert not Integration.objects.exists()
        file.write_text(changed(documentation=DOCUMENT["documentation"][:1]))
        call_command("load_integration", str(file), dry_run=True, stdout=output)
        assert "Desk, 1 record created, 0 updated" in output.getvalue()
        load_bundle(DESK)
        file.write_text(with_record(title="Other"))
        call_command("load_integration", str(file), dry_run=True, stdout=output)
        assert "changed tickets.list: title" in output.getvalue()

    def test_another_definition_replaces_the_one_before_and_raises_the_revision(self) -> None:
        before = load_bundle(DESK).integration
        after = load_bundle(changed(integration={**DOCUMENT["integration"], "label": "Another desk"})).integration
        assert (after.pk, after.label) == (before.pk, "Another desk")
        assert after.revision > before.revision

    def test_records_that_the_gate_holds_back_are_named(self) -> None:
        loaded = load_bundle(with_record(description="Thin."))
        assert loaded.created[0] == "tickets.list"
        assert loaded.drafts["tickets.list"][0].startswith("description: is too thin")

    def test_json_is_taken_too(self) -> None:
        assert counts(load_bundle(json.dumps(DOCUMENT))) == (9, 0, 0, 0)


def test_a_record_that_was_loaded_before_there_were_examples_counts_as_the_files() -> None:
    """The digest of the release before, of a record without examples."""
    integration = load_bundle(DESK).integration
    row = Documentation.objects.get(integration=integration, resource="tickets", method="list")
    before = {name: value for name, value in row.content().items() if name != "examples"}
    assert row.loaded_digest == hashlib.sha256(json.dumps(before, sort_keys=True).encode()).hexdigest()
    assert load_bundle(with_record(examples=[{"urgent": True}])).changes == {"tickets.list": ["examples"]}


class TestWriting:
    """A bundle that is written is the bundle that was loaded."""

    @pytest.mark.parametrize("name", TEXTS)
    def test_what_is_written_and_loaded_elsewhere_is_the_same(self, name: str) -> None:
        integration = load_bundle(TEXTS[name]).integration
        text = write_bundle(integration)
        fields = (
            "resource",
            "method",
            "tool_name",
            "title",
            "description",
            "query_schema",
            "body_schema",
            "response_schema",
            "examples",
        )
        before = list(Documentation.objects.values(*fields))
        assert counts(load_bundle(text)) == (0, 0, len(before), 0)
        definition = integration.definition
        integration.delete()
        again = load_bundle(text).integration
        assert again.definition == definition
        assert list(Documentation.objects.values(*fields)) == before
        assert write_bundle(again) == text

    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=timedelta(seconds=5))
    @given(WORDS, VALUES, st.booleans())
    def test_any_words_and_values_survive_the_way_through_a_file(self, words: str, value: Any, published: bool) -> None:
        Integration.objects.all().delete()
        integration = load_bundle(DESK).integration
        row = Documentation.objects.get(integration=integration, resource="tickets", method="list")
        row.description, row.query_schema = words, {"properties": {"a": {"default": value, "x-day": "2026-01-01"}}}
        row.published = published
        row.save()
        integration.definition["instructions"] = words
        integration.save()
        text = write_bundle(integration)
        integration.delete()
        load_bundle(text)
        loaded = Documentation.objects.get(resource="tickets", method="list")
        assert (loaded.description, loaded.query_schema) == (row.description, row.query_schema)
        assert loaded.published is published
        again = Integration.objects.get(name="desk")
        assert json.dumps(again.definition) == json.dumps(integration.definition)
        assert write_bundle(again) == text


class TestRefused:
    """Files that do not fit: every problem with its place, and nothing is changed."""

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "does not say `bundle: 1`"),
            ("[]", "does not say `bundle: 1`"),
            ("bundle: 2", "does not say `bundle: 1`"),
            ("bundle: 1", "A bundle holds `integration`"),
            ("bundle: 1\nintegration: []", "A bundle holds `integration`"),
            (changed(documentation={}), "A bundle holds `integration`"),
            ("a: [", "neither YAML nor JSON"),
            ("a: b: c", "line 1, column 5"),
            ("\x07", "neither YAML nor JSON"),
            ("a: !!python/object/apply:os.system [ls]", "of a kind that JSON does not have"),
            ("a: !!set {x}", "of a kind that JSON does not have"),
            ("a: !!binary aGk=", "of a kind that JSON does not have"),
            ("a: !!int x", "neither YAML nor JSON"),
            ('a: !!int ""', "neither YAML nor JSON"),
            ('a: !!float ""', "neither YAML nor JSON"),
            ("a: !!bool x", "neither YAML nor JSON"),
            ("a: .nan", "a: 'nan' cannot be written as JSON"),
            ("a: {b: [.inf]}", "a.b[0]: 'inf' cannot be written as JSON"),
            (f"a: {10**30}", "cannot be written as JSON"),
            ("a: {no: 1}", 'line 1, column 5: the key no is read as false; put it in quotes: "no".'),
            ("1: x", 'line 1, column 1: the key 1 is read as the number 1; put it in quotes: "1".'),
            ('a: "x\\0y"', "a: holds a NUL character"),
            ("? [a]\n: b", "neither YAML nor JSON"),
            ("a: &a [*a]", "An alias contains itself"),
            ("[" * 100 + "]" * 100, "is nested deeper than 64 levels"),
            ("[" * 5000, "nested too deep"),
        ],
    )
    def test_a_file_that_is_no_bundle_is_refused(self, text: str, problem: str) -> None:
        assert any(problem in each for each in problems(text)), problems(text)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            (changed(integration={**DOCUMENT["integration"], "name": "Desk 1"}), "name: String should match"),
            (changed(documentation=["x"]), "documentation[0]: is not an object."),
            (changed(documentation=[{"title": "x"}]), "documentation[0]: resource is missing."),
            (with_record(examples={"urgent": True}), "documentation[0].examples: takes a list."),
            (
                with_record(examples=[{"urgent": "very"}]),
                'documentation[0].examples[0].urgent: does not fit the arguments: "very" is not of type "boolean".',
            ),
            (
                with_record(examples=[{}, {"urgnt": True}]),
                "documentation[0].examples[1]: does not fit the arguments: Additional properties are not allowed "
                "('urgnt' was unexpected).",
            ),
            (with_record(examples=[{}] * 6), "documentation[0].examples: are more than 5; models pay for each."),
            (with_record(titel="x"), "documentation[0]: titel is not a known key; did you mean title?"),
            (with_record(title=7), "documentation[0].title: takes text."),
            (with_record(published="no"), "documentation[0].published: takes true or false."),
            (with_record(description=None), "documentation[0].description: takes text."),
            (with_record(query_schema=[]), "documentation[0].query_schema: takes an object."),
            (with_record(title="x" * 121), "documentation[0].title: is longer than 120 characters."),
            (with_record(tool_name="x" * 65), "documentation[0].tool_name: is longer than 64 characters."),
            (
                changed(documentation=[*DOCUMENT["documentation"], DOCUMENT["documentation"][0]]),
                "documentation[9]: tickets.list is documented already.",
            ),
        ],
    )
    def test_each_problem_is_told_with_its_place(self, text: str, problem: str) -> None:
        assert problem in "\n".join(problems(text))

    def test_every_problem_is_told_at_once(self) -> None:
        assert len(problems(changed(documentation=[1, {}, {"resource": 1, "method": "list"}]))) == 4

    def test_a_refused_file_changes_nothing_of_what_is_there(self) -> None:
        load_bundle(DESK)
        assert problems(with_record(title="Changed", titel="x"))

    @pytest.mark.parametrize(
        "bomb",
        [
            "\n".join(
                [
                    "a0: &a0 [x,x,x,x,x,x,x,x,x,x]",
                    *[f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)],
                ]
            ),
            "\n".join(
                ["a0: &a0 {x: 1}", *[f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]]
            ),
        ],
        ids=["lists", "merge keys"],
    )
    def test_aliases_that_multiply_are_refused_at_once(self, bomb: str) -> None:
        assert problems(bomb) == [f"The file expands to more than {MAX_NODES} items: its aliases multiply them."]

    def test_a_date_stays_the_text_that_it_was_written_as(self) -> None:
        assert read_document("a: 2026-01-01\nb: 2026-13-45\nc: 2026-01-01T00:00:00Z") == {
            "a": "2026-01-01", "b": "2026-13-45", "c": "2026-01-01T00:00:00Z",
        }  # fmt: skip
