"""History in the admin: versions, differences, restoring; of records, of definitions, of what was deleted."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts.fields import DocumentField
from accounts.models import ApiToken, AuditEntry, Environment, Integration, Membership, Role, User
from tests.admin_site import act, browser, listing, page, queries, staff, superuser
from tests.bundles import load_bundle
from tests.pages import as_read
from tests.rest import Rest
from tests.tools.admin.record_form import typed
from tests.vendors.desk import DESK
from tools.models import Documentation, acting

pytestmark = pytest.mark.django_db
DEFINITIONS = apps.get_model("tools", "HistoricalIntegration").objects


@pytest.fixture
def root() -> Client:
    return browser(superuser())


@pytest.fixture
def small() -> Integration:
    """The small integration."""
    return load_bundle(DESK).integration


@pytest.fixture
def record(small: Integration) -> Documentation:
    return Documentation.objects.select_related("integration").get(resource="tickets", method="get")


def first(row: Any) -> int:
    """Return the oldest version of a row."""
    number: int = type(row).history.filter(id=row.pk).earliest().history_id
    return number


def version_page(row: Any, version: int, kind: str = "version") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}", args=[row.pk, version])


def change(root: Client, record: Documentation, **changed: Any) -> None:
    root.post(page(record), typed(record, **changed))
    record.refresh_from_db()


def restore(client: Client, row: Any, version: int) -> str:
    return client.post(version_page(row, version, "restore"), follow=True).content.decode()


def test_versions_tell_who_changed_what_and_why(root: Client, record: Documentation) -> None:
    change(root, record, title="Read a ticket")
    act(root, "withdraw", record)
    shown = as_read(root.get(page(record, "history")).content.decode())
    assert shown.count("by <strong>root</strong>") == 2
    assert "Created · bundle" in shown
    assert '<code class="pb-mono">title</code>' in shown
    assert '<code class="pb-mono">published</code>' in shown
    assert shown.count("pb-state-live") == 1


def test_a_form_that_changes_nothing_makes_no_version(root: Client, record: Documentation) -> None:
    change(root, record)
    assert record.history.count() == 1
    assert not AuditEntry.objects.filter(action="documentation.changed").exists()


def test_changing_over_rest_names_person_and_token(environment: Environment, record: Documentation) -> None:
    eva = User.objects.create_superuser("eva")
    Membership.objects.create(environment=environment, user=eva, role=Role.ADMIN)
    token, value = ApiToken.objects.issue(environment=environment, name="docs", role=Role.ADMIN, owner=eva)
    assert Rest(value).patch(f"/documentation/{record.pk}", {"title": "Read it"}).status_code == 200
    version = record.history.latest()
    assert version.history_user == eva
    assert version.history_change_reason == f"API token docs (…{token.last_four})"


def test_a_version_shows_words_and_lines_that_differ_escaped(root: Client, record: Documentation) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    change(root, record, description=f"{record.description} <script>x</script>", query_schema=json.dumps(schema))
    shown = as_read(root.get(version_page(record, record.history.latest().history_id)).content.decode())
    assert "<ins> &lt;script&gt;x&lt;/script&gt;</ins>" in shown
    assert "<script>x" not in shown
    assert "&quot;type&quot;: &quot;string&quot;</del>" in shown
    assert "&quot;type&quot;: &quot;integer&quot;</ins>" in shown


def test_the_order_of_members_survives_and_counts(root: Client, record: Documentation) -> None:
    one, other = {"zeta": {"type": "string"}, "id": {}}, {"id": {}, "zeta": {"type": "string"}}
    for properties in (one, other):
        change(root, record, query_schema=json.dumps({"properties": properties}))
    assert record.history.count() == 3
    newest, before = record.history.all()[:2]
    assert list(newest.query_schema["properties"]) == ["id", "zeta"]
    assert list(before.query_schema["properties"]) == ["zeta", "id"]
    assert isinstance(type(newest)._meta.get_field("query_schema"), DocumentField)


def test_one_click_brings_a_version_back_as_a_new_one(root: Client, record: Documentation) -> None:
    before = record.content()
    change(root, record, title="Something else", description="Thin.")
    assert "Restore this version" in root.get(version_page(record, first(record))).content.decode()
    said = restore(root, record, first(record))
    record.refresh_from_db()
    assert record.content() == before
    assert not record.is_edited
    assert record.history.count() == 3
    assert "restored the version of" in said
    entry = AuditEntry.objects.filter(action="documentation.restored").get()
    assert (entry.actor, entry.details["version"]) == ("root", first(record))


def test_restoring_leaves_a_record_withdrawn(root: Client, record: Documentation) -> None:
    change(root, record, title="Something else")
    act(root, "withdraw", record)
    restore(root, record, first(record))
    record.refresh_from_db()
    assert (record.title, record.published) == ("Get a ticket", False)


def test_restoring_what_is_there_already_changes_nothing(root: Client, record: Documentation) -> None:
    assert "Nothing was changed" in restore(root, record, first(record))
    assert record.history.count() == 1


def test_a_version_that_does_not_fit_the_form_any_more_is_refused(root: Client, record: Documentation) -> None:
    Documentation.history.filter(history_id=first(record)).update(title="")
    change(root, record, title="Something else")
    assert "title: This field is required." in restore(root, record, first(record))
    record.refresh_from_db()
    assert record.title == "Something else"


def test_a_deleted_record_comes_back_with_its_history(root: Client, record: Documentation) -> None:
    before, pk = record.content(), record.pk
    root.post(page(record, "delete"), {"post": "yes"})
    deleted = root.get(reverse("admin:tools_documentation_show_deleted")).content.decode()
    assert "tickets.get" in deleted
    assert "by <strong>root</strong>" in deleted
    assert "Deleted" in root.get(reverse("admin:tools_documentation_history", args=[pk])).content.decode()
    restore(root, Documentation(pk=pk), Documentation.history.filter(id=pk).latest().history_id)
    back = Documentation.objects.get(pk=pk)
    assert (back.content(), back.key, back.published) == (before, "tickets.get", True)
    assert back.history.count() == 3
    assert "tickets.get" not in root.get(reverse("admin:tools_documentation_show_deleted")).content.decode()


def test_records_of_a_deleted_integration_keep_their_history(root: Client, record: Documentation) -> None:
    pk, integration = record.pk, record.integration
    root.post(page(integration, "delete"), {"post": "yes"})
    version = Documentation.history.filter(id=pk).latest()
    assert (version.history_type, version.history_user.username) == ("-", "root")
    said = restore(root, Documentation(pk=pk), version.history_id)
    assert "integration:" in said
    restore(root, integration, DEFINITIONS.filter(id=integration.pk).latest().history_id)
    restore(root, Documentation(pk=pk), version.history_id)
    assert Documentation.objects.get(pk=pk).integration.name == "desk"


def test_a_definition_has_a_history_too(root: Client, small: Integration) -> None:
    changed = {**small.definition, "description": "A desk."}
    root.post(page(small), {"definition": json.dumps(changed)})
    shown = as_read(root.get(page(small, "history")).content.decode())
    assert "by <strong>root</strong>" in shown
    restore(root, small, first(small))
    small.refresh_from_db()
    assert "description" not in small.definition
    assert DEFINITIONS.filter(id=small.pk).count() == 3
    assert AuditEntry.objects.filter(action="integration.restored").exists()


def test_loading_a_bundle_writes_versions_together(small: Integration) -> None:
    text = DESK.replace("Lists the tickets", "Shows the tickets")
    load_bundle(text)
    assert [row.history_change_reason for row in Documentation.history.filter(method="list", resource="tickets")] == [
        "bundle", "bundle",
    ]  # fmt: skip
    assert Documentation.history.count() == 10
    load_bundle(text)
    assert Documentation.history.count() == 10


def test_what_fails_leaves_no_version(record: Documentation) -> None:
    def fail() -> None:
        with acting(None, "trial"):
            record.title = "New"
            record.save()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    record.refresh_from_db()
    assert (record.title, record.history.count()) == ("Get a ticket", 1)


def test_history_is_for_those_who_may_see_and_restoring_for_those_who_may_change(record: Documentation) -> None:
    root = browser(superuser())
    change(root, record, title="Something else")
    viewer = browser(staff("tools.view_documentation"))
    assert viewer.get(page(record, "history")).status_code == 200
    shown = viewer.get(version_page(record, first(record)))
    assert shown.status_code == 200
    assert "Restore this version" not in shown.content.decode()
    assert viewer.post(version_page(record, first(record), "restore")).status_code == 403
    User.objects.filter(username="editor").delete()
    outsider = browser(staff("tools.view_call"))
    for address in (page(record, "history"), version_page(record, first(record))):
        assert outsider.get(address).status_code == 403
    assert Client().get(page(record, "history")).status_code == 302


def test_restoring_asks_for_the_csrf_token_and_is_no_link(root: Client, record: Documentation) -> None:
    change(root, record, title="Something else")
    assert root.get(version_page(record, first(record), "restore")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="root"))
    assert strict.post(version_page(record, first(record), "restore")).status_code == 403


def test_a_version_of_another_row_is_not_found(root: Client, record: Documentation) -> None:
    other = Documentation.objects.get(resource="tickets", method="list")
    assert root.get(version_page(record, first(other))).status_code == 404
    assert root.get(reverse("admin:tools_documentation_history", args=["nothing"])).status_code == 404


def test_a_long_history_takes_as_many_queries_as_a_short_one(root: Client, record: Documentation) -> None:
    few = queries(root, page(record, "history"))
    for count in range(60):
        with acting(User.objects.get(username="root")):
            record.title = f"Title {count}"
            record.save()
    assert queries(root, page(record, "history")) <= few + 1
    assert "Page 1 of 2" in root.get(page(record, "history")).content.decode()
    assert root.get(listing(record)).status_code == 200
